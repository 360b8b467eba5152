"""Seven operations of morphology from two: least and greatest value.

For a structuring element b, a set of offsets (u, v) around its anchor:

    erode(x)[i, j]  = min over (u, v) in b of x[i + v, j + u]
    dilate(x)[i, j] = max over (u, v) in b of x[i + v, j + u]

R. Haralick, S. Sternberg and X. Zhuang, "Image Analysis Using Mathematical
Morphology", TPAMI 1987, https://doi.org/10.1109/TPAMI.1987.4767941
Their dilation takes x[i - v, j - u]; OpenCV does not turn the element, and
neither do we; turn() makes up for it where it matters.

Images are (h, w) or (h, w, c), unsigned integers or floats; an element is
(height, width) of 0 and 1, an anchor is (x, y) as in OpenCV, by default
(width // 2, height // 2). What lies outside the image never wins: it counts
as the greatest value in erode and as the least in dilate.
Booleans, signed integers, empty elements and anchors outside of the element
raise ValueError.
"""

import cv2
import numpy as np
from skimage import data

from examples.image_processing.morphology_elements import element

Anchor = tuple[int, int] | None
How = Anchor | int  # an anchor, then a number of iterations


def check(image: np.ndarray, b: np.ndarray, anchor: Anchor) -> None:
    if image.ndim not in (2, 3) or image.size == 0:
        raise ValueError(
            f"image has shape {image.shape}: it must be (h, w) or "
            "(h, w, c) and not empty"
        )
    if image.dtype.kind not in "uf":
        raise ValueError(
            f"image has type {image.dtype}: it must be unsigned or float; "
            "a mask becomes one by mask.astype(np.uint8)"
        )
    if b.ndim != 2 or not b.any():
        raise ValueError(
            f"element has shape {b.shape} and {b.sum()} ones: "
            "it must be (height, width) with one 1 at least"
        )
    h, w = b.shape
    if anchor and not (0 <= anchor[0] < w and 0 <= anchor[1] < h):
        raise ValueError(f"anchor is {anchor}: not inside {w} x {h}")


# --8<-- [start:limits]
def limits(image: np.ndarray) -> tuple[float, float]:
    """The least and the greatest value that the image's type holds."""
    if image.dtype.kind == "f":
        most = np.finfo(image.dtype).max
        return -most, most
    return 0, np.iinfo(image.dtype).max


# --8<-- [end:limits]
# --8<-- [start:extremes]
def extreme(
    image: np.ndarray,
    b: np.ndarray,
    anchor: Anchor,
    pick: np.ufunc,
    side: int,
) -> np.ndarray:
    check(image, b, anchor)
    outside = limits(image)[side]
    h, w = image.shape[:2]
    kh, kw = b.shape
    x, y = anchor or (kw // 2, kh // 2)
    size = (h + kh - 1, w + kw - 1, *image.shape[2:])
    wide = np.full(size, outside, image.dtype)
    wide[y : y + h, x : x + w] = image
    result = np.full_like(image, outside)
    for m, n in np.argwhere(b):  # one shifted image per 1
        pick(result, wide[m : m + h, n : n + w], out=result)
    return result


def erode(
    image: np.ndarray,
    b: np.ndarray,
    anchor: Anchor = None,
    iterations: int = 1,
) -> np.ndarray:
    for _ in range(iterations):
        image = extreme(image, b, anchor, np.minimum, side=1)
    return image


def dilate(
    image: np.ndarray,
    b: np.ndarray,
    anchor: Anchor = None,
    iterations: int = 1,
) -> np.ndarray:
    for _ in range(iterations):
        image = extreme(image, b, anchor, np.maximum, side=0)
    return image


# --8<-- [end:extremes]
# --8<-- [start:operations]
def subtract(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a - b; unsigned values stop at 0, as they do in OpenCV."""
    return a - (b if a.dtype.kind == "f" else np.minimum(a, b))


def opening(x: np.ndarray, b: np.ndarray, *how: How) -> np.ndarray:
    return dilate(erode(x, b, *how), b, *how)


def closing(x: np.ndarray, b: np.ndarray, *how: How) -> np.ndarray:
    return erode(dilate(x, b, *how), b, *how)


def gradient(x: np.ndarray, b: np.ndarray, *how: How) -> np.ndarray:
    return subtract(dilate(x, b, *how), erode(x, b, *how))


def top_hat(x: np.ndarray, b: np.ndarray, *how: How) -> np.ndarray:
    return subtract(x, opening(x, b, *how))


def black_hat(x: np.ndarray, b: np.ndarray, *how: How) -> np.ndarray:
    return subtract(closing(x, b, *how), x)


# --8<-- [end:operations]
# --8<-- [start:turn]
def turn(
    b: np.ndarray, anchor: Anchor = None
) -> tuple[np.ndarray, tuple[int, int]]:
    """The element turned by 180 degrees around its anchor."""
    h, w = b.shape
    x, y = anchor or (w // 2, h // 2)
    return b[::-1, ::-1], (w - 1 - x, h - 1 - y)


def true_opening(x: np.ndarray, b: np.ndarray) -> np.ndarray:
    return dilate(erode(x, b), *turn(b))


# --8<-- [end:turn]
# --8<-- [start:demo]
def main() -> None:
    photo = data.camera()  # uint8 (512, 512)
    disk = element("ellipse", 5, 5)
    flags = {
        erode: cv2.MORPH_ERODE,
        dilate: cv2.MORPH_DILATE,
        opening: cv2.MORPH_OPEN,
        closing: cv2.MORPH_CLOSE,
        gradient: cv2.MORPH_GRADIENT,
        top_hat: cv2.MORPH_TOPHAT,
        black_hat: cv2.MORPH_BLACKHAT,
    }
    print("ellipse 5 x 5    mean  unlike OpenCV")
    for operation, flag in flags.items():
        y = operation(photo, disk)
        unlike = (y != cv2.morphologyEx(photo, flag, disk)).sum()
        name = operation.__name__
        print(f"{name:<14} {y.mean():>6.1f}  {unlike:>3} pixels")

    print("\nopening            twice = once  never brighter")
    odd, even = element("rectangle", 5, 5), element("rectangle", 4, 4)
    for name, b, how in (
        ("5 x 5, as OpenCV", odd, opening),
        ("4 x 4, as OpenCV", even, opening),
        ("4 x 4, turned", even, true_opening),
    ):
        y = how(photo, b)
        laws = (np.array_equal(how(y, b), y), bool((y <= photo).all()))
        answers = ["yes" if holds else "no" for holds in laws]
        print(f"{name:<18} {answers[0]:>12}  {answers[1]:>14}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
