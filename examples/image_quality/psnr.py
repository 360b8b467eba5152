"""Peak signal-to-noise ratio: the MSE in decibels below the peak.

    PSNR = 10 log10(L^2 / MSE) = 20 log10(L / RMSE)      unit: dB

L is the data range, the largest difference that two pixels can have: 255
for uint8, 65535 for uint16; for floats the caller must say. Identical
images have MSE 0 and PSNR infinity. Scope: Huynh-Thu and Ghanbari 2008,
doi.org/10.1049/el:20080522

x and y are a pair as in mse.py, of shape (h, w) or (h, w, c). The luma of
an RGB image follows ITU-R BT.601: 16 for black, 235 for white. Raises
ValueError as mse.py does, and for a float image without data_range, a
data_range that is not positive, an image for luma that is not
(h, w, 3) uint8, and a list without MSEs or with a negative one.
"""

import math
from collections.abc import Sequence

import numpy as np
from skimage import data

from examples.image_quality.mse import mse

PEAKS = {"uint8": 255, "uint16": 65535}
LUMA = (65.481, 128.553, 24.966)  # R, G, B; they sum to 219


# --8<-- [start:data_range]
def checked_range(x: np.ndarray, data_range: float | None) -> float:
    if data_range is None:
        if x.dtype.name not in PEAKS:
            raise ValueError(
                f"x is {x.dtype} and data_range None; say 1, 255 or "
                "whatever separates black from white"
            )
        return float(PEAKS[x.dtype.name])
    if not (data_range > 0 and math.isfinite(data_range)):
        raise ValueError(f"data_range is {data_range}; it must be positive")
    return float(data_range)


# --8<-- [end:data_range]
# --8<-- [start:formula]
def decibels(mean_square: float, peak: float) -> float:
    if mean_square == 0:
        return math.inf
    return 10 * math.log10(peak**2 / mean_square)


def psnr(
    x: np.ndarray, y: np.ndarray, data_range: float | None = None
) -> float:
    mean_square = mse(x, y)
    return decibels(mean_square, checked_range(x, data_range))


def mse_of(psnr_db: float, data_range: float = 255) -> float:
    return data_range**2 / 10 ** (psnr_db / 10)  # the way back


# --8<-- [end:formula]
# --8<-- [start:average]
def average_then_log(mses: Sequence[float], peak: float = 255) -> float:
    check_mses(mses)
    return decibels(sum(mses) / len(mses), peak)


def log_then_average(mses: Sequence[float], peak: float = 255) -> float:
    check_mses(mses)
    return sum(decibels(m, peak) for m in mses) / len(mses)


# --8<-- [end:average]
def check_mses(mses: Sequence[float]) -> None:
    if not len(mses) or not min(mses) >= 0:
        raise ValueError(f"mses is {mses}; it must hold numbers >= 0")


# --8<-- [start:luma]
def luma(rgb: np.ndarray) -> np.ndarray:
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3:
        kind = f"{rgb.dtype} {rgb.shape}"
        raise ValueError(f"rgb is {kind}; it must be uint8 (h, w, 3)")
    return 16 + rgb / 255 @ np.array(LUMA)  # (h, w), 16 to 235


def psnr_y(x: np.ndarray, y: np.ndarray, data_range: float = 255) -> float:
    return psnr(luma(x), luma(y), data_range)


# --8<-- [end:luma]
# --8<-- [start:demo]
def main() -> None:
    x = data.astronaut()
    rng = np.random.default_rng(0)
    print("RMSE      MSE   PSNR")
    for root in (0.5, 1, 2, 4, 8, 16, 32, 255):
        print(f"{root:>4} {root**2:>8} {decibels(root**2, 255):>6.2f}")
    print("identical images:", psnr(x, x))
    rounding = 1 / 12  # the error of rounding is uniform on +-1/2
    print(f"rounded to 8 bits: {decibels(rounding, 255):.2f}")

    mses = [1.0, 16.0, 256.0]
    print("\nPSNR of each:", *(f"{decibels(m, 255):.2f}" for m in mses))
    print(f"mean of the PSNRs    {log_then_average(mses):.2f}")
    print(f"PSNR of the mean MSE {average_then_log(mses):.2f}")

    gray = rng.normal(0, 10, x.shape[:2])[..., None]
    colored = rng.normal(0, 10, x.shape)
    print("\nnoise       RGB      Y   Y, L = 219")
    for name, noise in (("gray", gray), ("colored", colored)):
        y = np.clip(np.rint(x + noise), 0, 255).astype(np.uint8)
        values = psnr(x, y), psnr_y(x, y), psnr_y(x, y, 219)
        print("{:<8}{:>7.2f}{:>7.2f}{:>13.2f}".format(name, *values))


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
