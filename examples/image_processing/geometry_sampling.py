"""The value of an image between its pixels: nearest, bilinear, bicubic.

    bilinear  (1-b) ((1-a) p00 + a p10) + b ((1-a) p01 + a p11)
    bicubic   sum of 4 × 4 pixels times k(dx) k(dy), where for a = -0.75
              k(t) = (a+2)|t|³ - (a+3)|t|² + 1             |t| <= 1
              k(t) = a|t|³ - 5a|t|² + 8a|t| - 4a       1 < |t| <  2

(a, b) is how far (x, y) lies beyond the pixel p00 at its floor. The kernel
is that of doi.org/10.1109/TASSP.1981.1163711, which prefers a = -0.5.

Shapes: image (h, w) or (h, w, channels); positions x, y in pixels, of any
shape that the two share; the answer is float64. Nothing is checked here:
``geometry.remap`` does that, once, for all of them.
"""

import numpy as np


# --8<-- [start:fetch]
def fetch(
    image: np.ndarray, x: np.ndarray, y: np.ndarray, border: str
) -> np.ndarray:
    """The pixels at whole positions; outside, 0 or the nearest pixel."""
    h, w = image.shape[:2]
    column, row = np.clip(x, 0, w - 1), np.clip(y, 0, h - 1)
    found = image[row.astype(int), column.astype(int)].astype(float)
    if border == "constant":
        found[(column != x) | (row != y)] = 0
    return found


def sample_nearest(
    image: np.ndarray, x: np.ndarray, y: np.ndarray, border: str
) -> np.ndarray:
    return fetch(image, np.floor(x + 0.5), np.floor(y + 0.5), border)


# --8<-- [end:fetch]
# --8<-- [start:bilinear]
def each_channel(weight: np.ndarray, image: np.ndarray) -> np.ndarray:
    return weight[..., None] if image.ndim == 3 else weight


def sample_bilinear(
    image: np.ndarray, x: np.ndarray, y: np.ndarray, border: str
) -> np.ndarray:
    x0, y0 = np.floor(x), np.floor(y)
    a, b = each_channel(x - x0, image), each_channel(y - y0, image)
    top_left = fetch(image, x0, y0, border)
    top_right = fetch(image, x0 + 1, y0, border)
    low_left = fetch(image, x0, y0 + 1, border)
    low_right = fetch(image, x0 + 1, y0 + 1, border)
    top = (1 - a) * top_left + a * top_right
    low = (1 - a) * low_left + a * low_right
    return (1 - b) * top + b * low


# --8<-- [end:bilinear]
# --8<-- [start:bicubic]
def cubic(t: np.ndarray, a: float = -0.75) -> np.ndarray:
    t = abs(t)
    near = ((a + 2) * t - (a + 3)) * t * t + 1
    far = a * (((t - 5) * t + 8) * t - 4)
    return np.where(t <= 1, near, np.where(t < 2, far, 0.0))


def sample_bicubic(
    image: np.ndarray, x: np.ndarray, y: np.ndarray, border: str
) -> np.ndarray:
    x0, y0 = np.floor(x), np.floor(y)
    total = np.zeros(x.shape + image.shape[2:])
    for row in (y0 - 1, y0, y0 + 1, y0 + 2):
        for column in (x0 - 1, x0, x0 + 1, x0 + 2):
            weight = cubic(x - column) * cubic(y - row)
            pixels = fetch(image, column, row, border)
            total += each_channel(weight, image) * pixels
    return total


# --8<-- [end:bicubic]
SAMPLERS = {
    "nearest": sample_nearest,
    "bilinear": sample_bilinear,
    "bicubic": sample_bicubic,
}
