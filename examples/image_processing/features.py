"""Corners by Harris and by Shi and Tomasi, from shifting a window.

A window is a corner when every small shift (u, v) changes what it shows:

    E(u, v) = sum w (I(x + u, y + v) - I(x, y))²  ≈  (u v) M (u v)ᵀ
    M = sum w [[Ix Ix, Ix Iy], [Ix Iy, Iy Iy]]      the structure tensor

Harris and Stephens 1988 (doi.org/10.5244/C.2.23): det M - k (trace M)².
Shi and Tomasi 1994 (doi.org/10.1109/CVPR.1994.323794): the smaller
eigenvalue of M. Both take M at every pixel of one photograph.

image: (h, w) uint8, read as gray levels from 0 to 1. Ix, Iy: change of
level a pixel. window: weights of one axis that sum to 1, used along both.
Positions are (x, y), x to the right. Borders are mirrored about the last
pixel. Raises ValueError for color or float images, a window that does not
sum to 1, and k outside (0, 0.25).
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

SMOOTH = (0.25, 0.5, 0.25)
DIFFERENCE = (-0.5, 0.0, 0.5)


def check_gray(image: np.ndarray) -> None:
    if image is None:
        raise ValueError("image is None; was the file found?")
    if image.ndim != 2:
        raise ValueError(f"image is {image.shape}; it must be gray, (h, w)")
    if image.dtype != np.uint8:
        raise ValueError(f"image is {image.dtype}; it must be uint8")


# --8<-- [start:tensor]
def weigh(x: np.ndarray, weights: np.ndarray, axis: int) -> np.ndarray:
    before = len(weights) // 2  # an even window hangs over to the left
    border = [(0, 0), (0, 0)]
    border[axis] = (before, len(weights) - 1 - before)
    padded = np.pad(x, border, mode="reflect")
    return sliding_window_view(padded, len(weights), axis) @ weights


def gradients(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    check_gray(image)
    level = image / 255
    smooth, difference = np.array(SMOOTH), np.array(DIFFERENCE)
    ix = weigh(weigh(level, difference, axis=1), smooth, axis=0)
    iy = weigh(weigh(level, difference, axis=0), smooth, axis=1)
    return ix, iy  # Sobel / 8: true change a pixel


def structure_tensor(
    image: np.ndarray, window: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if not np.isclose(np.sum(window), 1):
        raise ValueError(f"window sums to {np.sum(window):g}; it must be 1")
    ix, iy = gradients(image)
    products = ix * ix, ix * iy, iy * iy
    xx, xy, yy = (weigh(weigh(p, window, 0), window, 1) for p in products)
    return xx, xy, yy  # each (h, w)


# --8<-- [end:tensor]
def box_window(size: int) -> np.ndarray:
    return np.full(size, 1 / size)


def gaussian_window(sigma: float) -> np.ndarray:
    radius = int(4 * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return weights / weights.sum()


# --8<-- [start:response]
def harris(
    image: np.ndarray, window: np.ndarray, k: float = 0.04
) -> np.ndarray:
    if not 0 < k < 0.25:
        raise ValueError(f"k is {k}; it must be between 0 and 0.25")
    xx, xy, yy = structure_tensor(image, window)
    return xx * yy - xy * xy - k * (xx + yy) ** 2


def eigenvalues(
    image: np.ndarray, window: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    xx, xy, yy = structure_tensor(image, window)
    center, radius = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    return center + radius, center - radius


def shi_tomasi(image: np.ndarray, window: np.ndarray) -> np.ndarray:
    return eigenvalues(image, window)[1]


# --8<-- [end:response]
def local_maxima(score: np.ndarray, radius: int, count: int) -> np.ndarray:
    highest = np.pad(score, radius, constant_values=-np.inf)
    for axis in (0, 1):
        views = sliding_window_view(highest, 2 * radius + 1, axis)
        highest = views.max(axis=-1)
    y, x = np.nonzero((score == highest) & (score > 0))
    best = np.argsort(-score[y, x], kind="stable")[:count]
    return np.stack([x[best], y[best]], axis=1)  # (n, 2) as (x, y)


# --8<-- [start:demo]
def shift_costs(image: np.ndarray, x: int, y: int, size: int) -> np.ndarray:
    """Change of a window for eight shifts, each over its squared length."""
    half, level = size // 2, image / 255
    shifts = [(u, v) for u in (-1, 0, 1) for v in (-1, 0, 1) if u or v]

    def window(left: int, top: int) -> np.ndarray:
        rows = slice(top - half, top + half + 1)
        return level[rows, left - half : left + half + 1]

    change = [window(x + u, y + v) - window(x, y) for u, v in shifts]
    length = np.array([u * u + v * v for u, v in shifts])
    return np.square(change).mean(axis=(1, 2)) / length


def main() -> None:
    ramp = 1 / (1 + np.exp(-(np.arange(64) - 32) / 3))
    image = np.round(50 + 150 * np.outer(ramp, ramp)).astype(np.uint8)
    window = box_window(7)  # one quadrant of the image is bright
    large, small = eigenvalues(image, window)
    response = harris(image, window)
    print("        shifts × 1000   eigenvalues × 1000    Harris × 1e6")
    print("window   least   most   smaller   larger    response")
    places = {"flat": (8, 8), "edge": (32, 54), "corner": (35, 35)}
    for name, (x, y) in places.items():
        cost = 1000 * shift_costs(image, x, y, 7)
        print(
            f"{name:<7}{cost.min():7.2f}{cost.max():7.2f}"
            f"{1000 * small[y, x]:10.2f}{1000 * large[y, x]:9.2f}"
            f"{1e6 * response[y, x] + 0:+12.2f}"
        )


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
