"""Two filters that no kernel describes: median and bilateral.

The median filter takes the middle value of the window. The bilateral filter
is a Gaussian mean whose weights also fall with the difference in color:

    y[p] = sum over q of w[p, q] x[q] / sum over q of w[p, q]
    w[p, q] = exp(-|p - q|^2 / (2 sigma_space^2)
                  - |x[p] - x[q]|^2 / (2 sigma_color^2))

C. Tomasi and R. Manduchi, "Bilateral Filtering for Gray and Color Images",
ICCV 1998, https://doi.org/10.1109/ICCV.1998.710815

Images are (h, w) or (h, w, c); the median of color is taken channel by
channel, while the bilateral filter sums the differences of the channels as
OpenCV does. sigma_space is in pixels, sigma_color in the image's own units.
Even sizes, sigmas of 0 and other shapes raise ValueError.
"""

import numpy as np

from examples.image_processing.filtering import check, check_sigma, extend


# --8<-- [start:median]
def median(image: np.ndarray, size: int) -> np.ndarray:
    check(image, size)
    x = extend(image, size // 2, size // 2, "replicate")
    windows = np.lib.stride_tricks.sliding_window_view(
        x, (size, size), axis=(0, 1)
    )  # (h, w, ..., size, size)
    ordered = np.sort(windows.reshape(*image.shape, size**2), axis=-1)
    return ordered[..., size**2 // 2]


# --8<-- [end:median]
# --8<-- [start:bilateral]
def bilateral(
    image: np.ndarray, size: int, sigma_color: float, sigma_space: float
) -> np.ndarray:
    check(image, size)
    check_sigma("sigma_color", sigma_color)
    check_sigma("sigma_space", sigma_space)
    h, w = image.shape[:2]
    r = size // 2
    x = image.astype(np.float64).reshape(h, w, -1)  # (h, w, c)
    around = extend(x, r, r, "reflect_101")
    total, weights = np.zeros_like(x), np.zeros((h, w, 1))
    for m, n in np.ndindex(size, size):
        squared = (m - r) ** 2 + (n - r) ** 2
        if squared > r**2:  # OpenCV's window is a disk
            continue
        neighbor = around[m : m + h, n : n + w]
        gap = np.abs(neighbor - x).sum(axis=2, keepdims=True)
        near = squared / (2 * sigma_space**2)
        alike = gap**2 / (2 * sigma_color**2)
        weight = np.exp(-near - alike)
        total += weight * neighbor
        weights += weight
    return (total / weights).reshape(image.shape)


# --8<-- [end:bilateral]
