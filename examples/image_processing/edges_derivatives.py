"""Sobel, Scharr and Laplacian: derivatives of an image by small kernels.

    gx = smoothing down the columns × [-1, 0, 1] along the rows
    gy = [-1, 0, 1] down the columns × smoothing along the rows
    laplacian = sum of the four neighbors - 4 * center

Sobel smooths with [1, 2, 1], Scharr with [3, 10, 3]
(doi.org/10.11588/heidok.00000962). Zero crossings of the Laplacian of a
Gaussian are the edges of doi.org/10.1098/rspb.1980.0020.

Shapes: gray (h, w), uint8, levels 0 to 255. Derivatives keep the shape, in
int32 and unnormalized: a step of A levels gives 4 A in Sobel 3 × 3, 16 A in
Scharr. Raises ValueError for what is not a gray uint8 image, an even size,
an unknown border, or a sigma or height out of range.
"""

import cv2
import numpy as np

BORDERS = ("reflect", "edge")  # cv2: BORDER_REFLECT_101, BORDER_REPLICATE


def check_gray(image: np.ndarray, name: str) -> None:
    if image.ndim != 2:
        raise ValueError(
            f"{name} has shape {image.shape}; it must be gray, (h, w)"
        )
    if image.dtype != np.uint8:
        raise ValueError(
            f"{name} is {image.dtype}; it must be uint8, levels 0 to 255"
        )


# --8<-- [start:separable]
def separable(
    image: np.ndarray, column: np.ndarray, row: np.ndarray, border: str
) -> np.ndarray:
    """Correlate with the kernel ``np.outer(column, row)``."""
    if border not in BORDERS:
        raise ValueError(f"border is {border!r}; not one of {BORDERS}")
    h, w = image.shape
    padded = np.pad(image, len(row) // 2, mode=border)
    down = [c * padded[i : i + h] for i, c in enumerate(column)]
    mixed = np.sum(down, axis=0)  # (h, w + size - 1)
    along = [r * mixed[:, j : j + w] for j, r in enumerate(row)]
    return np.sum(along, axis=0)  # (h, w)


# --8<-- [end:separable]
# --8<-- [start:sobel]
def sobel_kernels(size: int) -> tuple[np.ndarray, np.ndarray]:
    """The derivative and the smoothing, as whole numbers."""
    if size < 3 or size % 2 == 0:
        raise ValueError(f"size is {size}; it must be odd and at least 3")
    derivative, smoothing = np.array([-1, 0, 1]), np.array([1, 2, 1])
    for _ in range(size // 2 - 1):  # smooth both once more
        derivative = np.convolve(derivative, [1, 2, 1])
        smoothing = np.convolve(smoothing, [1, 2, 1])
    return derivative, smoothing


def sobel(
    gray: np.ndarray, size: int = 3, border: str = "reflect"
) -> tuple[np.ndarray, np.ndarray]:
    check_gray(gray, "gray")
    derivative, smoothing = sobel_kernels(size)
    wide = gray.astype(np.int32)  # uint8 has no negative numbers
    gx = separable(wide, smoothing, derivative, border)
    gy = separable(wide, derivative, smoothing, border)
    return gx.astype(np.int32), gy.astype(np.int32)


# --8<-- [end:sobel]
# --8<-- [start:scharr]
def scharr(gray: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    check_gray(gray, "gray")
    derivative, smoothing = np.array([-1, 0, 1]), np.array([3, 10, 3])
    wide = gray.astype(np.int32)
    gx = separable(wide, smoothing, derivative, "reflect")
    gy = separable(wide, derivative, smoothing, "reflect")
    return gx.astype(np.int32), gy.astype(np.int32)


# --8<-- [end:scharr]
# --8<-- [start:laplacian]
def four_neighbors(image: np.ndarray) -> np.ndarray:
    p = np.pad(image, 1, mode="reflect")
    beside = p[1:-1, :-2] + p[1:-1, 2:]
    return beside + p[:-2, 1:-1] + p[2:, 1:-1] - 4 * image


def laplacian(gray: np.ndarray) -> np.ndarray:
    check_gray(gray, "gray")
    return four_neighbors(gray.astype(np.int32))


def laplacian_of_gaussian(gray: np.ndarray, sigma: float) -> np.ndarray:
    check_gray(gray, "gray")
    if sigma <= 0:
        raise ValueError(f"sigma is {sigma}; it must be positive")
    smooth = cv2.GaussianBlur(gray.astype(np.float64), (0, 0), sigma)
    return four_neighbors(smooth)


# --8<-- [end:laplacian]
# --8<-- [start:zero_crossings]
def zero_crossings(response: np.ndarray, height: float) -> np.ndarray:
    """Where the sign changes to the right or below by more than height."""
    if height < 0:
        raise ValueError(f"height is {height}; it must not be negative")
    negative = response < 0
    found = np.zeros(response.shape, bool)
    for axis in (0, 1):
        flips = np.diff(negative, axis=axis)
        steep = abs(np.diff(response, axis=axis)) > height
        found[: flips.shape[0], : flips.shape[1]] |= flips & steep
    return found


# --8<-- [end:zero_crossings]
