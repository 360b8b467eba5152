"""The same errors three times: one MSE, one PSNR, three kinds of damage.

e = x - blur(x), rounded, is what a blur takes away. x - e is the blurred
photograph, x + e a sharpened one, and x + shuffled e the same numbers
strewn over the picture. Every measure that only averages some function of
|e| over the pixels must call the three equal.

Gray uint8 images of shape (h, w). Raises ValueError for another image and
for one whose errors would leave 0..255.
"""

import cv2
import numpy as np
from skimage import data

from examples.image_quality.mse import mae, mse
from examples.image_quality.psnr import psnr
from examples.image_quality.ssim import ssim


def photograph() -> np.ndarray:
    gray = cv2.cvtColor(data.chelsea(), cv2.COLOR_RGB2GRAY)
    return np.rint(58 + 0.6 * gray).astype(np.uint8)  # room on both sides


# --8<-- [start:arrangements]
def same_errors(x: np.ndarray, sigma: float = 4) -> dict[str, np.ndarray]:
    if x.dtype != np.uint8 or x.ndim != 2:
        raise ValueError(f"x is {x.dtype} {x.shape}; not uint8 (h, w)")
    blurred = cv2.GaussianBlur(x, (0, 0), sigma)
    e = x.astype(int) - blurred  # what the blur took away
    scattered = np.random.default_rng(0).permutation(e.ravel())
    images = {
        "blurred, x - e": x - e,
        "sharpened, x + e": x + e,
        "strewn, x + shuffled e": x + scattered.reshape(x.shape),
    }
    for name, y in images.items():
        if y.min() < 0 or y.max() > 255:
            raise ValueError(f"{name} leaves 0..255; narrow the range of x")
    return {name: y.astype(np.uint8) for name, y in images.items()}


# --8<-- [end:arrangements]
# --8<-- [start:sharpness]
def sharpness(y: np.ndarray) -> float:
    """Variance of the Laplacian: no reference needed, none consulted."""
    kernel = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], np.float64)
    return float(cv2.filter2D(y.astype(np.float64), -1, kernel).var())


# --8<-- [end:sharpness]
def main() -> None:
    x = photograph()
    images = {"x itself": x} | same_errors(x)
    print("image                     MSE   MAE  PSNR   SSIM   sharpness")
    for name, y in images.items():
        numbers = f"{mse(x, y):>6.2f}{mae(x, y):>6.2f}{psnr(x, y):>6.2f}"
        print(f"{name:<23}{numbers}{ssim(x, y):>7.2f}{sharpness(y):>12.0f}")


if __name__ == "__main__":
    main()
