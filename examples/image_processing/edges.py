"""Canny's edge detector in four stages, pixel for pixel that of OpenCV.

Smooth with a Gaussian; take the gradient; keep the pixels whose magnitude
tops that of both neighbors along the gradient; from those above ``high``
grow through those above ``low``. doi.org/10.1109/TPAMI.1986.4767851

    m = |gx| + |gy| (L1),  m = gx² + gy² with squared thresholds (L2)
    edge = ridge and m > low, connected to ridge and m > high

Shapes: smooth (h, w), uint8, blurred already, as ``cv2.Canny`` expects it;
the answer is (h, w), uint8, 255 on edges. Thresholds are in units of the
unnormalized 3 × 3 Sobel. Raises ValueError for an image that is not gray
uint8 (not RGB for ``canny_color``), low above high, an unknown norm.
"""

import cv2
import numpy as np
from skimage import data

from examples.image_processing.edges_derivatives import check_gray, sobel

ONE = 32768  # 1.0 in fixed point, 15 bits
TAN_22 = 13573  # tan 22.5° in the same units
PHOTOGRAPHS = (
    "astronaut",
    "camera",
    "chelsea",
    "coffee",
    "coins",
    "hubble_deep_field",
    "rocket",
)
PAIRS = ((20, 60), (50, 150), (100, 200))


# --8<-- [start:magnitude]
def magnitude(gx: np.ndarray, gy: np.ndarray, norm: str) -> np.ndarray:
    if norm == "L1":
        return abs(gx) + abs(gy)
    if norm == "L2":
        return gx * gx + gy * gy  # squared: no root, no rounding
    raise ValueError(f"norm is {norm!r}; it must be 'L1' or 'L2'")


# --8<-- [end:magnitude]
# --8<-- [start:ridges]
def ridges(m: np.ndarray, gx: np.ndarray, gy: np.ndarray) -> np.ndarray:
    """True where neither neighbor along the gradient tops m."""
    h, w = m.shape
    framed = np.pad(m, 1)  # beyond the border nothing competes

    def beside(dy: int, dx: int) -> np.ndarray:
        return framed[1 + dy : 1 + dy + h, 1 + dx : 1 + dx + w]

    y, tan_22 = ONE * abs(gy), TAN_22 * abs(gx)
    tan_67 = tan_22 + 2 * ONE * abs(gx)  # tan 67.5° = tan 22.5° + 2
    across = (m > beside(0, -1)) & (m >= beside(0, 1))
    down = (m > beside(-1, 0)) & (m >= beside(1, 0))
    falling = (m > beside(-1, -1)) & (m > beside(1, 1))
    rising = (m > beside(-1, 1)) & (m > beside(1, -1))
    diagonal = np.where((gx ^ gy) < 0, rising, falling)
    steep = np.where(y > tan_67, down, diagonal)
    return np.where(y < tan_22, across, steep)


# --8<-- [end:ridges]
# --8<-- [start:hysteresis]
def hysteresis(weak: np.ndarray, strong: np.ndarray) -> np.ndarray:
    """The weak pixels tied to a strong one by a chain of weak ones."""
    h, w = weak.shape
    waiting = np.pad(weak, 1).ravel()  # the frame stops every chain
    edges = np.zeros_like(waiting)
    line = w + 2  # one row further down in the flat array
    around = np.array([-1, 1, -line, line])
    around = np.append(around, [-line - 1, -line + 1, line - 1, line + 1])
    front = np.flatnonzero(np.pad(strong, 1))
    while front.size:
        edges[front], waiting[front] = True, False
        reached = (front[:, None] + around).ravel()
        front = np.unique(reached[waiting[reached]])
    return edges.reshape(h + 2, w + 2)[1:-1, 1:-1]


# --8<-- [end:hysteresis]
# --8<-- [start:canny]
def trace(
    gx: np.ndarray, gy: np.ndarray, low: float, high: float, norm: str
) -> np.ndarray:
    if not 0 <= low <= high:
        raise ValueError(
            f"low is {low}, high is {high}; they must be 0 <= low <= high"
        )
    m = magnitude(gx, gy, norm)
    if norm == "L2":
        low, high = low * low, high * high
    ridge = ridges(m, gx, gy)
    edges = hysteresis(ridge & (m > low), ridge & (m > high))
    return np.where(edges, 255, 0).astype(np.uint8)


def canny(
    smooth: np.ndarray, low: float, high: float, norm: str = "L1"
) -> np.ndarray:
    check_gray(smooth, "smooth")
    gx, gy = sobel(smooth, border="edge")
    return trace(gx, gy, low, high, norm)


# --8<-- [end:canny]
# --8<-- [start:color]
def canny_color(
    smooth: np.ndarray, low: float, high: float, norm: str = "L1"
) -> np.ndarray:
    """At every pixel the channel with the largest magnitude decides."""
    if smooth.ndim != 3 or smooth.dtype != np.uint8:
        raise ValueError(
            f"smooth is {smooth.dtype}, {smooth.shape}; it must be uint8, "
            "(h, w, channels)"
        )
    channels = [sobel(c, border="edge") for c in np.moveaxis(smooth, 2, 0)]
    gx, gy = np.stack(channels, axis=1)  # each (channels, h, w)
    best = magnitude(gx, gy, norm).argmax(axis=0)[None]  # (1, h, w)
    gx, gy = (np.take_along_axis(g, best, axis=0)[0] for g in (gx, gy))
    return trace(gx, gy, low, high, norm)


# --8<-- [end:color]
# --8<-- [start:demo]
def gray_photograph(name: str) -> np.ndarray:
    image = getattr(data, name)()
    if image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return image


def main() -> None:
    heads = [f"{low}/{high}" for low, high in PAIRS]
    print("edges, %         ", *[f"{h:>7}" for h in heads], "  differing")
    for name in PHOTOGRAPHS:
        smooth = cv2.GaussianBlur(gray_photograph(name), (5, 5), 1.4)
        shares, differing = [], 0
        for low, high in PAIRS:
            edges = canny(smooth, low, high)
            shares.append(100 * (edges > 0).mean())
            differing += (edges != cv2.Canny(smooth, low, high)).sum()
        cells = [f"{share:7.1f}" for share in shares]
        print(f"{name:<17}", *cells, f"{differing:>11}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
