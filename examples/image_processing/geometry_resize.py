"""Resizing as two matrices, one for the rows and one for the columns.

    out = R · image · C^T,    each row of R and C sums to 1

Interpolation puts a kernel of fixed width around the center of each output
pixel; antialiasing stretches the kernel by the factor of the reduction;
area averaging weighs every input pixel by the part of it that is covered.

Shapes: image (h, w) or (h, w, channels); shape (height, width); the answer
is float64, neither rounded nor clipped. Raises ValueError for an unknown
mode, an image of another shape, sizes below 1.
"""

from collections.abc import Callable

import numpy as np

from examples.image_processing.geometry import centers
from examples.image_processing.geometry_sampling import cubic

Kernel = Callable[[np.ndarray], np.ndarray]


# --8<-- [start:nearest]
def nearest(n: int, m: int) -> np.ndarray:
    """INTER_NEAREST_EXACT: the pixel in which the center lies."""
    return np.eye(n)[(2 * np.arange(m) + 1) * n // (2 * m)]


def nearest_legacy(n: int, m: int) -> np.ndarray:
    """INTER_NEAREST: the pixel in which the left edge lies."""
    return np.eye(n)[np.arange(m) * n // m]


# --8<-- [end:nearest]
# --8<-- [start:interpolation]
def triangle(t: np.ndarray) -> np.ndarray:
    return np.maximum(1 - abs(t), 0)


def interpolation(n: int, m: int, kernel: Kernel, reach: int) -> np.ndarray:
    """(m, n): the kernel around each center, edge pixels repeated."""
    x = centers(n, m)
    weights = np.zeros((m, n))
    for step in range(1 - reach, 1 + reach):
        tap = np.floor(x) + step
        column = np.clip(tap, 0, n - 1).astype(int)
        np.add.at(weights, (np.arange(m), column), kernel(x - tap))
    return weights


# --8<-- [end:interpolation]
# --8<-- [start:antialias]
def antialiased(n: int, m: int, kernel: Kernel) -> np.ndarray:
    """(m, n): the kernel, wider by n / m when that shrinks the image."""
    wider = max(n / m, 1)
    weights = kernel((np.arange(n) - centers(n, m)[:, None]) / wider)
    return weights / weights.sum(axis=1, keepdims=True)


def area(n: int, m: int) -> np.ndarray:
    """(m, n): how much of each input pixel an output pixel covers."""
    step, left = n / m, np.arange(n)
    start = step * np.arange(m)[:, None]
    covered = np.minimum(start + step, left + 1) - np.maximum(start, left)
    return np.maximum(covered, 0) / step


# --8<-- [end:antialias]
def softer_cubic(t: np.ndarray) -> np.ndarray:
    return cubic(t, a=-0.5)


def weights_of(mode: str, n: int, m: int) -> np.ndarray:
    if mode == "nearest":
        return nearest(n, m)
    if mode == "nearest legacy":
        return nearest_legacy(n, m)
    if mode == "bilinear":
        return interpolation(n, m, triangle, reach=1)
    if mode == "bicubic":
        return interpolation(n, m, cubic, reach=2)
    if mode == "area":
        return area(n, m)
    if mode == "bilinear antialias":
        return antialiased(n, m, triangle)
    if mode == "bicubic antialias":  # with a = -0.5, as torch and Pillow
        return antialiased(n, m, softer_cubic)
    raise ValueError(f"mode is {mode!r}; it must be in {MODES}")


def resize(
    image: np.ndarray,
    shape: tuple[int, int],
    mode: str,
) -> np.ndarray:
    if image.ndim not in (2, 3) or image.size == 0:
        raise ValueError(
            f"image is {image.shape}; it must be (h, w) or (h, w, channels)"
        )
    if len(shape) != 2 or min(shape) < 1:
        raise ValueError(f"shape is {shape}; it must be (h, w), both > 0")
    rows = weights_of(mode, image.shape[0], shape[0])
    columns = weights_of(mode, image.shape[1], shape[1])
    tall = np.tensordot(rows, image, axes=1)  # (height, w, ...)
    return np.tensordot(columns, tall, axes=(1, 1)).swapaxes(0, 1)


MODES = (
    "nearest",
    "nearest legacy",
    "bilinear",
    "bicubic",
    "area",
    "bilinear antialias",
    "bicubic antialias",
)


def main() -> None:
    def line(name: str, values: np.ndarray, form: str) -> None:
        print(f"{name:<23}", *[format(value, form) for value in values])

    print("where 8 output pixels lie among 4 input pixels")
    line("half-pixel centers", centers(4, 8), "6.2f")
    line("align_corners=True", centers(4, 8, align_corners=True), "6.2f")
    line("x * scale", np.arange(8) * 4 / 8, "6.2f")
    print("\nwhich of 10 pixels the 4 nearest ones are")
    line("INTER_NEAREST_EXACT", nearest(10, 4) @ np.arange(10), "3.0f")
    line("INTER_NEAREST", nearest_legacy(10, 4) @ np.arange(10), "3.0f")
    print("\nwhat 9 input pixels weigh in the middle one of 3")
    for mode in MODES[2:]:
        line(mode, weights_of(mode, 9, 3)[1] + 0.0, "5.2f")


if __name__ == "__main__":
    main()
