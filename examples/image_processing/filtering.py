"""Linear image filters written out: borders, correlation, Gauss, box.

Correlation of an image x with a kernel K of height 2p + 1, width 2q + 1:

    y[i, j] = sum over |m| <= p, |n| <= q of K[m, n] x[i + m, j + n]

Convolution is the same with the kernel turned by 180 degrees. The terms are
those of https://docs.opencv.org/4.x/d4/d86/group__imgproc__filter.html

Images are (h, w) or (h, w, c) of any real type; sizes are odd, in pixels;
sigmas are in pixels. Every filter returns float64, so that nothing is
rounded or clipped before it must be.
Wrong sizes, shapes, sigmas and border modes raise ValueError.
"""

import cv2
import numpy as np
from skimage import data

BORDERS = ("constant", "replicate", "reflect", "reflect_101", "wrap")


def check(image: np.ndarray, *sizes: int) -> None:
    if image.ndim not in (2, 3) or image.size == 0:
        raise ValueError(
            f"image has shape {image.shape}: it must be (h, w) or "
            "(h, w, c) and not empty"
        )
    for size in sizes:
        if size < 1 or size % 2 == 0:
            raise ValueError(
                f"size is {size}: it must be odd and positive, so that "
                "the window has a middle pixel"
            )


def check_sigma(name: str, sigma: float) -> None:
    if not 0 < sigma < np.inf:
        raise ValueError(f"{name} is {sigma}: it must be above 0")


# --8<-- [start:borders]
def border_index(i: np.ndarray, n: int, border: str) -> np.ndarray:
    """Which of the pixels 0 .. n-1 stands at position i; -1 means none."""
    if border == "constant":
        return np.where((i >= 0) & (i < n), i, -1)
    if border == "replicate":
        return np.clip(i, 0, n - 1)
    if border == "wrap":
        return i % n
    if border == "reflect":  # period 2n: the edge pixel comes twice
        i = i % (2 * n)
        return np.minimum(i, 2 * n - 1 - i)
    if border == "reflect_101":  # period 2n - 2: the edge pixel once
        i = i % max(2 * n - 2, 1)
        return np.minimum(i, 2 * n - 2 - i)
    raise ValueError(f"border is {border!r}: it must be one of {BORDERS}")


def extend(
    image: np.ndarray, rows: int, columns: int, border: str
) -> np.ndarray:
    h, w = image.shape[:2]
    i = border_index(np.arange(-rows, h + rows), h, border)
    j = border_index(np.arange(-columns, w + columns), w, border)
    extended = image[np.ix_(i, j)]  # (h + 2 rows, w + 2 columns, ...)
    extended[i < 0] = 0
    extended[:, j < 0] = 0
    return extended


# --8<-- [end:borders]
# --8<-- [start:correlate]
def correlate(
    image: np.ndarray, kernel: np.ndarray, border: str = "reflect_101"
) -> np.ndarray:
    if kernel.ndim != 2:
        raise ValueError(f"kernel has shape {kernel.shape}: not (kh, kw)")
    check(image, *kernel.shape)
    h, w = image.shape[:2]
    kh, kw = kernel.shape
    x = extend(image.astype(np.float64), kh // 2, kw // 2, border)
    y = np.zeros(image.shape)
    for m, n in np.ndindex(kh, kw):  # one shifted image per weight
        y += kernel[m, n] * x[m : m + h, n : n + w]
    return y


def convolve(
    image: np.ndarray, kernel: np.ndarray, border: str = "reflect_101"
) -> np.ndarray:
    return correlate(image, kernel[::-1, ::-1], border)


def to_uint8(y: np.ndarray) -> np.ndarray:
    """Round half to even and clip, as OpenCV stores results."""
    return np.rint(y).clip(0, 255).astype(np.uint8)


# --8<-- [end:correlate]
# --8<-- [start:gaussian]
def gaussian_kernel(size: int, sigma: float) -> np.ndarray:
    check(np.zeros((1, 1)), size)
    check_sigma("sigma", sigma)
    x = np.arange(size) - size // 2
    weights = np.exp(-(x**2) / (2 * sigma**2))
    return weights / weights.sum()  # (size,)


def sigma_from_size(size: int) -> float:
    """What OpenCV takes for sigma when only the size is given."""
    return 0.3 * ((size - 1) / 2 - 1) + 0.8


def separable(
    image: np.ndarray,
    column: np.ndarray,
    row: np.ndarray,
    border: str = "reflect_101",
) -> np.ndarray:
    """Equal to correlate(image, np.outer(column, row), border)."""
    across = correlate(image, row[np.newaxis, :], border)
    return correlate(across, column[:, np.newaxis], border)


# --8<-- [end:gaussian]
# --8<-- [start:box]
def running_sum(x: np.ndarray, size: int) -> np.ndarray:
    """Sums of `size` rows that follow each other: two operations each."""
    total = np.cumsum(x, axis=0)
    total = np.concatenate([np.zeros_like(total[:1]), total])
    return total[size:] - total[:-size]


def box(
    image: np.ndarray, size: int, border: str = "reflect_101"
) -> np.ndarray:
    check(image, size)
    x = extend(image.astype(np.float64), size // 2, size // 2, border)
    down = running_sum(x, size)
    both = running_sum(down.swapaxes(0, 1), size).swapaxes(0, 1)
    return both / size**2


# --8<-- [end:box]
# --8<-- [start:demo]
def main() -> None:
    dot = np.zeros((5, 5))
    dot[2, 2] = 1
    kernel = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    print("one bright pixel, filtered by 1 2 3 / 4 5 6 / 7 8 9")
    found = {
        "correlate": correlate(dot, kernel),
        "convolve": convolve(dot, kernel),
        "cv2.filter2D": cv2.filter2D(dot, -1, kernel.astype(float)),
    }
    for name, y in found.items():
        rows = [" ".join(f"{v:.0f}" for v in r) for r in y[1:4, 1:4]]
        print(f"{name:>14}: {' / '.join(rows)}")

    photo = data.camera()  # uint8 (512, 512)
    print("\nGauss  multiplications a pixel  uint8 pixels one level off")
    for size, sigma in ((5, 1.0), (13, 2.0), (31, 5.0)):
        g = gaussian_kernel(size, sigma)
        exact = to_uint8(separable(photo, g, g))
        theirs = cv2.GaussianBlur(photo, (size, size), sigma)
        off = np.abs(exact.astype(int) - theirs)
        counts = f"{size**2:>5} in 2-D, {2 * size:>2} in two passes"
        print(f"{size:>5}  {counts}  {(off == 1).mean():>6.1%}")
        assert off.max() == 1


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
