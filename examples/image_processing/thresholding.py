"""Thresholding written out: five modes, Otsu's level, a local level.

    binary      y = m if x > t else 0                  t  threshold, 0..255
    Otsu        t = argmax n0 n1 (mu1 - mu0)^2 / n^2   n  pixels
    adaptive    y = 255 if x > round(mean) - c else 0  mean of a block

Class 0 holds the pixels x <= t, class 1 those with x > t; n0, n1 and mu0,
mu1 are their sizes and means. Otsu 1979, doi.org/10.1109/TSMC.1979.4310076

Images are gray: uint8 of shape (h, w). Raises ValueError for another type
or shape, an unknown mode or method, t or m outside 0..255, and a block
that is even or smaller than 3.
"""

import math

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from skimage import data, filters

# OpenCV's own short Gaussian kernels, in 256ths
SHORT_KERNELS = {
    3: (64, 128, 64),
    5: (16, 64, 96, 64, 16),
    7: (8, 28, 56, 72, 56, 28, 8),
    9: (4, 13, 30, 51, 60, 51, 30, 13, 4),
}


def check_gray(image: np.ndarray) -> None:
    if image.dtype != np.uint8:
        raise ValueError(f"image is {image.dtype}; it must be uint8")
    if image.ndim != 2 or image.size == 0:
        raise ValueError(f"image is {image.shape}; it must be gray, (h, w)")


# --8<-- [start:modes]
def threshold(
    image: np.ndarray, t: float, maximum: int = 255, mode: str = "binary"
) -> np.ndarray:
    check_gray(image)
    for name, value in (("t", t), ("maximum", maximum)):
        if not 0 <= value <= 255:
            raise ValueError(f"{name} is {value}; it must be within 0..255")
    level = math.floor(t)  # x > 127.9 and x > 127 are one for integers
    choices = {
        "binary": (maximum, 0),  # where x > t, elsewhere
        "binary_inv": (0, maximum),
        "trunc": (level, image),
        "tozero": (image, 0),
        "tozero_inv": (0, image),
    }
    if mode not in choices:
        raise ValueError(f"mode is {mode!r}; it must be in {[*choices]}")
    above, elsewhere = choices[mode]
    return np.where(image > level, above, elsewhere).astype(np.uint8)


# --8<-- [end:modes]
# --8<-- [start:otsu]
def histogram(image: np.ndarray) -> np.ndarray:
    check_gray(image)
    return np.bincount(image.ravel(), minlength=256)  # (256,)


def between_class_variance(counts: np.ndarray) -> np.ndarray:
    levels = np.arange(256)
    n, total = counts.sum(), (counts * levels).sum()
    n0 = counts.cumsum()  # pixels with x <= t, for every t at once
    s0 = (counts * levels).cumsum()  # and the sum of their values
    gap = (n * s0 - n0 * total).astype(np.float64)  # n0 n1 (mu0 - mu1)
    pairs = (n0 * (n - n0)).astype(np.float64)  # n0 n1
    variance = np.zeros(256)
    np.divide(gap**2, pairs, out=variance, where=pairs > 0)
    return variance / float(n) ** 2


def otsu(image: np.ndarray) -> int:
    return int(between_class_variance(histogram(image)).argmax())


# --8<-- [end:otsu]
# --8<-- [start:separability]
def separability(counts: np.ndarray) -> float:
    levels = np.arange(256)
    mean = (counts * levels).sum() / counts.sum()
    variance = (counts * (levels - mean) ** 2).sum() / counts.sum()
    if variance == 0:
        return 0.0  # a single gray level has nothing to separate
    return float(between_class_variance(counts).max() / variance)


# --8<-- [end:separability]
# --8<-- [start:adaptive]
def block_weights(block: int, method: str) -> np.ndarray:
    if block < 3 or block % 2 == 0:
        raise ValueError(f"block is {block}; it must be odd and at least 3")
    if method not in ("mean", "gaussian"):
        raise ValueError(f"method is {method!r}, not 'mean' or 'gaussian'")
    if method == "mean":
        return np.full(block, 1 / block)
    if block in SHORT_KERNELS:
        return np.array(SHORT_KERNELS[block]) / 256
    sigma = 0.3 * ((block - 1) / 2 - 1) + 0.8
    offset = np.arange(block) - block // 2
    weights = np.exp(-(offset**2) / (2 * sigma**2))
    return weights / weights.sum()


def local_mean(image: np.ndarray, weights: np.ndarray) -> np.ndarray:
    reach = len(weights) // 2
    padded = np.pad(image.astype(np.float64), reach, mode="edge")
    down = sliding_window_view(padded, len(weights), axis=0) @ weights
    return sliding_window_view(down, len(weights), axis=1) @ weights


def adaptive_threshold(
    image: np.ndarray, block: int, c: float, method: str = "mean"
) -> np.ndarray:
    check_gray(image)
    mean = local_mean(image, block_weights(block, method))
    level = np.rint(mean) - c  # halves go to the even neighbor
    return np.where(image > level, 255, 0).astype(np.uint8)


# --8<-- [end:adaptive]
# --8<-- [start:demo]
def main() -> None:
    print("photograph  ours  cv2  skimage  differing pixels   eta")
    for name in ("camera", "coins", "page", "moon", "brick", "clock"):
        image = getattr(data, name)()
        t = otsu(image)
        theirs, mask = cv2.threshold(image, 0, 255, cv2.THRESH_OTSU)
        differing = np.count_nonzero(threshold(image, t) != mask)
        eta = separability(histogram(image))
        third = filters.threshold_otsu(image)
        numbers = f"{t:>4} {theirs:>4.0f} {third:>8} {differing:>17}"
        print(f"{name:<10} {numbers}  {eta:.2f}")

    mirrored = np.array([[56] * 4 + [128] * 2 + [200] * 4], np.uint8)
    variance = between_class_variance(histogram(mirrored))
    best = np.flatnonzero(variance == variance.max())
    theirs, _ = cv2.threshold(mirrored, 0, 255, cv2.THRESH_OTSU)
    print(f"\n56 56 56 56 128 128 200 200 200 200: ours {otsu(mirrored)}")
    print(f"{len(best)} levels tie, from {best[0]} to {best[-1]}")
    print(f"cv2 takes one of them: {int(theirs) in best}")

    image, c = data.page(), 10
    kinds = {
        "mean": cv2.ADAPTIVE_THRESH_MEAN_C,
        "gaussian": cv2.ADAPTIVE_THRESH_GAUSSIAN_C,
    }
    print("\nadaptive, page   block  differs  differs if not rounded")
    for method, kind in kinds.items():
        for block in (5, 9, 31):
            ours = adaptive_threshold(image, block, c, method)
            theirs = cv2.adaptiveThreshold(
                image, 255, kind, cv2.THRESH_BINARY, block, c
            )
            mean = local_mean(image, block_weights(block, method))
            plain = np.where(image > mean - c, 255, 0)
            shares = f"{np.mean(ours != theirs):>8.2%}"
            shares += f" {np.mean(plain != theirs):>22.1%}"
            print(f"{method:<15} {block:>6} {shares}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
