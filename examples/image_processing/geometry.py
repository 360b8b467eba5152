"""Warps by backward mapping: ask every output pixel where it comes from.

    out[v, u] = image(x, y),    w · (x, y, 1) = M^-1 · (u, v, 1)

M is 3 × 3 and takes input to output, as in ``cv2.warpPerspective``; an
affine M has the last row (0, 0, 1) and is given as 2 × 3. The center of the
first pixel is (0, 0).

Shapes: image (h, w) or (h, w, channels), any real type; maps x, y (v, u) in
pixels; the answer is float64, (v, u) or (v, u, channels), neither rounded
nor clipped. ``shape`` is (height, width). Raises ValueError for other
shapes, maps with NaN, singular matrices, unknown modes and borders.
"""

import cv2
import numpy as np
from skimage import data

from examples.image_processing.geometry_sampling import SAMPLERS

BORDERS = ("constant", "replicate")


def check_sampling(image: np.ndarray, mode: str, border: str) -> None:
    if image.ndim not in (2, 3) or image.size == 0:
        raise ValueError(
            f"image is {image.shape}; it must be (h, w) or (h, w, channels)"
        )
    if mode not in SAMPLERS:
        raise ValueError(f"mode is {mode!r}; it must be in {[*SAMPLERS]}")
    if border not in BORDERS:
        raise ValueError(f"border is {border!r}; it must be in {BORDERS}")


# --8<-- [start:remap]
def remap(
    image: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    mode: str = "bilinear",
    border: str = "constant",
) -> np.ndarray:
    """out[v, u] = image at (x[v, u], y[v, u]); every warp ends here."""
    check_sampling(image, mode, border)
    x, y = np.asarray(x, float), np.asarray(y, float)
    if x.ndim != 2 or x.shape != y.shape:
        raise ValueError(
            f"x is {x.shape}, y is {y.shape}; both must be (height, width)"
        )
    if np.isnan(x).any() or np.isnan(y).any():
        raise ValueError("x or y holds NaN; every pixel needs a position")
    h, w = image.shape[:2]
    x = np.clip(x, -2, w + 1)  # further out is no more outside
    y = np.clip(y, -2, h + 1)
    return SAMPLERS[mode](image, x, y, border)


# --8<-- [end:remap]
# --8<-- [start:warp]
def sources(
    matrix: np.ndarray, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Where every output pixel comes from: maps x and y."""
    matrix = np.asarray(matrix, float)
    if matrix.shape != (3, 3) or not np.isfinite(matrix).all():
        raise ValueError(f"matrix is {matrix}; it must be 3 × 3 and finite")
    if np.linalg.matrix_rank(matrix) < 3:
        raise ValueError(f"matrix is {matrix.tolist()}; it is singular")
    v, u = np.indices(shape, dtype=float)
    homogeneous = np.stack([u, v, np.ones(shape)])  # (3, v, u)
    x, y, w = np.tensordot(np.linalg.inv(matrix), homogeneous, axes=1)
    nowhere = np.full(shape, -np.inf)  # w = 0: the horizon
    x = np.divide(x, w, out=nowhere.copy(), where=w != 0)
    return x, np.divide(y, w, out=nowhere, where=w != 0)


def warp_perspective(
    image: np.ndarray,
    matrix: np.ndarray,
    shape: tuple[int, int],
    mode: str = "bilinear",
    border: str = "constant",
) -> np.ndarray:
    return remap(image, *sources(matrix, shape), mode, border)


def warp_affine(
    image: np.ndarray,
    matrix: np.ndarray,
    shape: tuple[int, int],
    mode: str = "bilinear",
    border: str = "constant",
) -> np.ndarray:
    if np.shape(matrix) != (2, 3):
        raise ValueError(f"matrix is {np.shape(matrix)}; it must be (2, 3)")
    full = np.vstack([matrix, [0, 0, 1]])
    return warp_perspective(image, full, shape, mode, border)


# --8<-- [end:warp]
# --8<-- [start:resize]
def centers(n: int, m: int, align_corners: bool = False) -> np.ndarray:
    """Where each of m output pixels lies among n input pixels."""
    i = np.arange(m)
    if align_corners:
        return i * ((n - 1) / max(m - 1, 1))
    return n / m * (i + 0.5) - 0.5


def resize_bilinear(
    image: np.ndarray, shape: tuple[int, int], align_corners: bool = False
) -> np.ndarray:
    check_sampling(image, "bilinear", "replicate")
    if len(shape) != 2 or min(shape) < 1:
        raise ValueError(f"shape is {shape}; it must be (h, w), both > 0")
    y, x = (
        centers(n, m, align_corners)
        for n, m in zip(image.shape[:2], shape, strict=True)
    )
    return remap(image, *np.meshgrid(x, y), border="replicate")


# --8<-- [end:resize]
# --8<-- [start:demo]
def main() -> None:
    image = data.camera()
    turn = cv2.getRotationMatrix2D((255.5, 255.5), 17.3, 0.9)
    tilt = np.vstack([turn, [2e-4, 3e-4, 1]])
    x, y = sources(tilt, (512, 512))
    maps = x.astype(np.float32), y.astype(np.float32)
    exact = {
        "warpAffine": warp_affine(image, turn, (512, 512)),
        "warpPerspective": warp_perspective(image, tilt, (512, 512)),
        "remap": remap(image, *maps),
    }
    print("largest error, gray levels (share of pixels above 0.6)")
    types = (np.float32, np.uint8, np.float64, np.int16)
    print(" " * 15, *[f"{np.dtype(kind).name:>14}" for kind in types])
    for name, truth in exact.items():
        cells = []
        for kind in types:
            typed = image.astype(kind)
            theirs = {
                "warpAffine": lambda i: cv2.warpAffine(i, turn, (512, 512)),
                "warpPerspective": lambda i: cv2.warpPerspective(
                    i, tilt, (512, 512)
                ),
                "remap": lambda i: cv2.remap(i, *maps, cv2.INTER_LINEAR),
            }[name](typed)
            off = abs(theirs - truth)
            cells.append(f"{off.max():5.1f} ({(off > 0.6).mean():5.1%})")
        print(f"{name:<15}", *cells)


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
