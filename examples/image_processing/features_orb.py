"""ORB in two steps: which way does a patch point, and which pixels win?

Rublee et al. 2011 (doi.org/10.1109/ICCV.2011.6126544). Orientation: the
direction from the center of a patch to its intensity centroid,

    m_pq = sum x^p y^q I(x, y),    theta = atan2(m01, m10)

Descriptor: BRIEF (Calonder 2010, doi.org/10.1007/978-3-642-15561-1_56)
compares 256 pairs of pixels a, b in the patch, here turned by theta; bit i
is 1 when I(a_i) < I(b_i). ORB learned its pairs; these are drawn at random,
so the bits differ from cv2.ORB while the idea is the same.

image: (h, w) uint8. points: (n, 2) whole pixels as (x, y), at least 23 from
the border. Angles in degrees, clockwise on screen because y points down.
Descriptors: (n, 32) uint8. Raises ValueError for color or float images and
for points too close to the border.
"""

import numpy as np

from examples.image_processing.features import check_gray

RADIUS = 15  # of the patch that votes on the orientation
MARGIN = 23  # a turned pair may lie 15 · √2 away, plus smoothing


def check_points(image: np.ndarray, points: np.ndarray) -> None:
    check_gray(image)
    h, w = image.shape
    room = np.minimum(points, np.array([w, h]) - 1 - points)
    if points.size and room.min() < MARGIN:
        raise ValueError(
            f"a point is {room.min()} px from the border; {MARGIN} needed"
        )


# --8<-- [start:orientation]
def patch_angles(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    check_points(image, points)
    y, x = np.mgrid[-RADIUS : RADIUS + 1, -RADIUS : RADIUS + 1]
    disc = np.hypot(x, y) < RADIUS + 0.4  # 749 pixels
    x, y = x[disc], y[disc]
    level = image[points[:, 1:] + y, points[:, :1] + x].astype(int)
    # (n, 749): first moments as two dot products
    return np.degrees(np.arctan2(level @ y, level @ x)) % 360


# --8<-- [end:orientation]
# --8<-- [start:brief]
def random_pairs(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    offsets = rng.normal(0, 31 / 5, (256, 2, 2))
    return np.clip(np.round(offsets), -RADIUS, RADIUS)  # (256, a or b, xy)


def brief(
    image: np.ndarray, points: np.ndarray, angles: np.ndarray
) -> np.ndarray:
    check_points(image, points)
    smooth = box_sums(image, 5)  # one noisy pixel must not flip a bit
    turn = np.radians(angles)
    cos, sin = np.cos(turn), np.sin(turn)
    rotation = np.array([[cos, sin], [-sin, cos]])  # (2, 2, n)
    turned = np.einsum("pai,ijn->npaj", random_pairs(), rotation)
    at = np.round(turned).astype(int) + points[:, None, None]
    level = smooth[at[..., 1], at[..., 0]]  # (n, 256, 2)
    return np.packbits(level[..., 0] < level[..., 1], axis=1)  # (n, 32)


# --8<-- [end:brief]
def box_sums(image: np.ndarray, size: int) -> np.ndarray:
    padded = np.pad(image.astype(int), size // 2, mode="reflect")
    views = np.lib.stride_tricks.sliding_window_view(padded, (size, size))
    return views.sum(axis=(2, 3))
