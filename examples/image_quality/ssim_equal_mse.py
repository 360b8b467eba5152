"""One photograph damaged in seven ways, every time to the same MSE.

Each damage proposes an error image e. The image shown is clip(x + s e) to
0..255 in float64, with the strength s found by bisection so that its MSE
is that of a shift by two pixels. What differs between the images is only
how the error is arranged, and SSIM.
"""

import cv2
import numpy as np
from matplotlib.figure import Figure
from skimage import data

from examples.image_quality.mse import mse
from examples.image_quality.psnr import psnr
from examples.image_quality.ssim import ssim


def photograph() -> np.ndarray:
    gray = cv2.cvtColor(data.chelsea(), cv2.COLOR_RGB2GRAY)
    return gray.astype(np.float64)  # (300, 451)


# --8<-- [start:damages]
def damages(x: np.ndarray) -> dict[str, np.ndarray]:
    """Error images, none yet of the right strength."""
    rng = np.random.default_rng(0)
    small = x.astype(np.uint8)
    code = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 3])[1]
    jpeg = np.float64(cv2.imdecode(code, cv2.IMREAD_GRAYSCALE))
    salt_and_pepper = rng.choice([0.0, 255.0], x.shape)
    struck = rng.random(x.shape) < 0.013
    return {
        "brighter": np.ones_like(x),
        "contrast": x - x.mean(),
        "shift": np.roll(x, 2, axis=1) - x,  # as it is, s = 1
        "blur": cv2.GaussianBlur(x, (0, 0), 6) - x,
        "JPEG": jpeg - x,
        "salt and pepper": np.where(struck, salt_and_pepper - x, 0),
        "Gaussian noise": rng.standard_normal(x.shape),
    }


# --8<-- [end:damages]
# --8<-- [start:at_mse]
def at_mse(
    x: np.ndarray, e: np.ndarray, target: float
) -> tuple[np.ndarray, float]:
    """clip(x + s e) of the wanted MSE, and s."""
    if not target > 0:
        raise ValueError(f"target is {target}; it must be positive")
    low, high = 0.0, 256.0
    if mse(x, np.clip(x + high * e, 0, 255)) < target:
        raise ValueError(f"target is {target}; this error never reaches it")
    for _ in range(60):  # MSE never falls while s grows
        s = (low + high) / 2
        y = np.clip(x + s * e, 0, 255)
        low, high = (s, high) if mse(x, y) < target else (low, s)
    return np.clip(x + high * e, 0, 255), high


def equal_mse_set(x: np.ndarray) -> dict[str, tuple[np.ndarray, float]]:
    errors = damages(x)
    target = mse(x, x + errors["shift"])
    return {name: at_mse(x, e, target) for name, e in errors.items()}


# --8<-- [end:at_mse]
def main() -> None:
    x = photograph()
    print("damage               s      MSE    PSNR   SSIM")
    for name, (y, s) in equal_mse_set(x).items():
        numbers = f"{mse(x, y):>9.3f}{psnr(x, y, 255):>8.2f}"
        print(f"{name:<16}{s:>6.2f}{numbers}{ssim(x, y, 255):>7.2f}")


def photographs_figure() -> Figure:
    x = photograph()
    images = {"reference": x}
    images |= {name: y for name, (y, _) in equal_mse_set(x).items()}
    figure = Figure(figsize=(6.4, 9.9), layout="constrained")
    panels = figure.subplots(4, 2).flat
    for panel, (name, y) in zip(panels, images.items(), strict=True):
        panel.imshow(y, vmin=0, vmax=255)
        numbers = f"MSE {mse(x, y):.0f}, SSIM {ssim(x, y, 255):.2f}"
        panel.set_title(f"{name}\n{numbers}", fontsize=13)
        panel.axis("off")
    return figure


if __name__ == "__main__":
    main()
