"""Mean squared error and its relatives, written out for images.

    MSE  = sum (y - x)^2 / n       RMSE = sqrt(MSE)
    MAE  = sum |y - x| / n         n  values: pixels times channels
    d MSE / d y = 2 (y - x) / n
    -log p(y | x, s) = n MSE / (2 s^2) + n log(2 pi s^2) / 2
                                       for Gaussian noise of level s

Gauss 1809 and Legendre 1805 fitted orbits with it; for images see Wang and
Bovik 2009, doi.org/10.1109/MSP.2008.930649

x is the reference, y the image that is judged, both of one shape, (h, w)
or (h, w, c), and of one type: uint8, uint16, float32 or float64. MSE has
the unit of the pixel squared, RMSE and MAE that of the pixel. All sums are
float64. Raises ValueError for other types, two shapes, two types, an empty
image, NaN or infinity, and a noise level that is not positive.
"""

import math

import numpy as np
from skimage import data

TYPES = ("uint8", "uint16", "float32", "float64")


# --8<-- [start:check]
def check_pair(x: np.ndarray, y: np.ndarray) -> None:
    for name, image in (("x", x), ("y", y)):
        if image.dtype.name not in TYPES:
            raise ValueError(f"{name} is {image.dtype}, not of {TYPES}")
        if image.size == 0:
            raise ValueError(f"{name} is {image.shape}; it has no pixels")
        if not np.isfinite(image).all():
            raise ValueError(f"{name} has NaN or inf; it must be finite")
    if x.shape != y.shape:
        raise ValueError(f"x is {x.shape} and y {y.shape}; not one shape")
    if x.dtype != y.dtype:
        raise ValueError(f"x is {x.dtype} and y {y.dtype}; not one type")


# --8<-- [end:check]
# --8<-- [start:formula]
def error(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    check_pair(x, y)
    return y.astype(np.float64) - x.astype(np.float64)  # before, not after


def mse(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean(error(x, y) ** 2))


def rmse(x: np.ndarray, y: np.ndarray) -> float:
    return math.sqrt(mse(x, y))


def mae(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean(np.abs(error(x, y))))


# --8<-- [end:formula]
# --8<-- [start:gradient]
def mse_gradient(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return 2 * error(x, y) / x.size  # by every pixel of y


# --8<-- [end:gradient]
# --8<-- [start:likelihood]
def gaussian_nll(x: np.ndarray, y: np.ndarray, s: float) -> float:
    if not (s > 0 and math.isfinite(s)):
        raise ValueError(f"s is {s}; it must be positive and finite")
    n = x.size
    return n * mse(x, y) / (2 * s**2) + n / 2 * math.log(2 * math.pi * s**2)


# --8<-- [end:likelihood]
# --8<-- [start:demo]
def main() -> None:
    x = np.array([[10, 20, 30], [40, 50, 60]], np.uint8)
    y = np.array([[12, 20, 27], [40, 50, 65]], np.uint8)
    print("error   ", *error(x, y).astype(int).ravel())
    print("gradient", *(f"{g:.2f}" for g in mse_gradient(x, y).ravel()))
    for measure in (mse, rmse, mae):
        print(f"{measure.__name__:<8} {measure(x, y):.3f}")

    photo = data.camera()
    rng = np.random.default_rng(0)
    order = rng.permutation(photo.size)
    errors = {
        "every pixel off by 8": np.full(photo.size, 8),
        "one pixel in 16 off by 32": np.where(order % 16 == 0, 32, 0),
        "one pixel in 256 off by 128": np.where(order % 256 == 0, 128, 0),
    }
    x = np.clip(photo, 0, 127)  # so that nothing leaves 0..255
    print("\nerror                          MSE  RMSE   MAE")
    for name, e in errors.items():
        y = (x + e.reshape(x.shape)).astype(np.uint8)
        print(f"{name:<28}{mse(x, y):>6g}{rmse(x, y):>6g}{mae(x, y):>6g}")

    x = photo.astype(np.float64)
    y = x + rng.normal(0, 12, x.shape)
    print(f"\nnoise of s = 12: RMSE {rmse(x, y):.1f}")
    print("s tried   -log p a pixel")
    for s in (6, 9, 12, 15, 24):
        print(f"{s:>7} {gaussian_nll(x, y, s) / x.size:>16.2f}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
