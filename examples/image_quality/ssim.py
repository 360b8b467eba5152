"""Structural similarity: SSIM of two gray images, written out in NumPy.

    SSIM = (2 mx my + C1) (2 sxy + C2)
           / ((mx^2 + my^2 + C1) (sx^2 + sy^2 + C2))

mx, my are local means, sx^2, sy^2 local variances and sxy the local
covariance under an 11 x 11 Gaussian window with sigma 1.5 and sum 1;
C1 = (0.01 L)^2, C2 = (0.03 L)^2, L the data range. The index of two images
is the mean of the map over all windows that lie inside.
Wang et al. 2004, doi.org/10.1109/TIP.2003.819861

x and y are a pair as in mse.py, gray, (h, w); the map is (h - 10, w - 10),
without unit, within [-1, 1]. channel_ssim takes (h, w, c) and averages.
Sums are float64. Raises ValueError as mse.py and psnr.py do, and for
another number of axes, a window that is even, or larger than the image.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from skimage import data

from examples.image_quality.mse import check_pair
from examples.image_quality.psnr import checked_range

K1, K2 = 0.01, 0.03


# --8<-- [start:window]
def gaussian_window(size: int = 11, sigma: float = 1.5) -> np.ndarray:
    if size < 1 or size % 2 == 0:
        raise ValueError(f"size is {size}; it must be odd and positive")
    if not sigma > 0:
        raise ValueError(f"sigma is {sigma}; it must be positive")
    offset = np.arange(size) - size // 2
    weights = np.exp(-(offset**2) / (2 * sigma**2))
    return weights / weights.sum()  # sum 1: a weighted mean


def local_mean(image: np.ndarray, window: np.ndarray) -> np.ndarray:
    down = sliding_window_view(image, len(window), axis=0) @ window
    return sliding_window_view(down, len(window), axis=1) @ window


# --8<-- [end:window]
# --8<-- [start:moments]
def local_moments(
    x: np.ndarray, y: np.ndarray, window: np.ndarray
) -> tuple[np.ndarray, ...]:
    check_pair(x, y)
    if x.ndim != 2:
        raise ValueError(f"x is {x.shape}; it must be gray, (h, w)")
    if min(x.shape) < len(window):
        raise ValueError(f"x is {x.shape}; the window needs {len(window)}")
    x, y = x.astype(np.float64), y.astype(np.float64)
    mx, my = local_mean(x, window), local_mean(y, window)
    vx = local_mean(x * x, window) - mx**2  # E[x^2] - E[x]^2
    vy = local_mean(y * y, window) - my**2
    vxy = local_mean(x * y, window) - mx * my
    return mx, my, vx, vy, vxy


# --8<-- [end:moments]
# --8<-- [start:formula]
def ssim_map(
    x: np.ndarray,
    y: np.ndarray,
    data_range: float | None = None,
    size: int = 11,
    sigma: float = 1.5,
) -> np.ndarray:
    peak = checked_range(x, data_range)
    window = gaussian_window(size, sigma)
    mx, my, vx, vy, vxy = local_moments(x, y, window)
    c1, c2 = (K1 * peak) ** 2, (K2 * peak) ** 2
    above = (2 * mx * my + c1) * (2 * vxy + c2)
    below = (mx**2 + my**2 + c1) * (vx + vy + c2)
    return above / below  # (h - size + 1, w - size + 1)


def ssim(
    x: np.ndarray, y: np.ndarray, data_range: float | None = None
) -> float:
    return float(ssim_map(x, y, data_range).mean())


# --8<-- [end:formula]
# --8<-- [start:terms]
def ssim_terms(
    x: np.ndarray, y: np.ndarray, data_range: float | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    peak = checked_range(x, data_range)
    mx, my, vx, vy, vxy = local_moments(x, y, gaussian_window())
    sx, sy = np.sqrt(vx.clip(0)), np.sqrt(vy.clip(0))
    c1, c2 = (K1 * peak) ** 2, (K2 * peak) ** 2
    luminance = (2 * mx * my + c1) / (mx**2 + my**2 + c1)
    contrast = (2 * sx * sy + c2) / (vx + vy + c2)
    structure = (vxy + c2 / 2) / (sx * sy + c2 / 2)  # C3 = C2 / 2
    return luminance, contrast, structure


# --8<-- [end:terms]
# --8<-- [start:channels]
def channel_ssim(
    x: np.ndarray, y: np.ndarray, data_range: float | None = None
) -> float:
    if x.ndim != 3 or x.shape != y.shape:
        raise ValueError(f"x is {x.shape}, y {y.shape}; both (h, w, c)")
    pairs = zip(np.moveaxis(x, -1, 0), np.moveaxis(y, -1, 0), strict=True)
    return float(np.mean([ssim(a, b, data_range) for a, b in pairs]))


# --8<-- [end:channels]
# --8<-- [start:demo]
def main() -> None:
    x = data.camera()
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 20, x.shape)
    dim = np.rint(x * 0.7)
    soft = np.rint(0.6 * x + 0.4 * x.mean())
    images = {
        "itself": x,
        "darker, x - 20": x - 20.0,
        "dimmed, 0.7 x": dim,
        "less contrast": soft,
        "noise, s = 20": x + noise,
        "negative, 255 - x": 255 - x,
    }
    print("against the photo   SSIM   luminance   contrast   structure")
    for name, image in images.items():
        y = np.clip(image, 0, 255).astype(np.uint8)
        terms = [term.mean() for term in ssim_terms(x, y)]
        numbers = "{:>12.3f}{:>11.3f}{:>12.3f}".format(*terms)
        print(f"{name:<19}{ssim(x, y):>5.2f}{numbers}")

    rows, columns = np.indices((32, 32))
    board = ((rows + columns) % 2 * 255).astype(np.uint8)
    gray = np.full_like(board, 128)
    print("\ncheckerboard of 1 px, 0 and 255")
    print(f"against its negative   {ssim(board, 255 - board):.4f}")
    print(f"against flat gray      {ssim(board, gray):.4f}")
    black, white = np.zeros_like(board), np.full_like(board, 255)
    print(f"black against white    {ssim(black, white):.4f}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
