"""The gradient of SSIM, and the best and worst image of one MSE.

With A1 = 2 mx my + C1, A2 = 2 sxy + C2, B1 = mx^2 + my^2 + C1,
B2 = sx^2 + sy^2 + C2, S = A1 A2 / (B1 B2), n windows and W' the adjoint of
the local mean:

    d SSIM / d y = 2 / n (x W'(A1 / (B1 B2)) - y W'(S / B2)
                   + W'((mx (A2 - A1) - my (B2 - B1) S) / (B1 B2)))

Avanaki 2009, arxiv.org/abs/0901.0065. Climbing it on the sphere of a fixed
MSE gives the images of Wang and Simoncelli 2008, doi.org/10.1167/8.12.8
"""

import cv2
import numpy as np
from matplotlib.figure import Figure
from skimage import data

from examples.image_quality.mse import mse
from examples.image_quality.psnr import checked_range
from examples.image_quality.ssim import (
    K1,
    K2,
    gaussian_window,
    local_mean,
    local_moments,
    ssim,
)


# --8<-- [start:gradient]
def ssim_gradient(
    x: np.ndarray, y: np.ndarray, data_range: float | None = None
) -> np.ndarray:
    peak, window = checked_range(x, data_range), gaussian_window()
    mx, my, vx, vy, vxy = local_moments(x, y, window)
    c1, c2 = (K1 * peak) ** 2, (K2 * peak) ** 2
    a1, a2 = 2 * mx * my + c1, 2 * vxy + c2
    b1, b2 = mx**2 + my**2 + c1, vx + vy + c2
    s = a1 * a2 / (b1 * b2)

    def spread(values: np.ndarray) -> np.ndarray:  # the adjoint W'
        return local_mean(np.pad(values, len(window) - 1), window)

    slope = x * spread(a1 / (b1 * b2)) - y * spread(s / b2)
    slope += spread((mx * (a2 - a1) - my * (b2 - b1) * s) / (b1 * b2))
    return 2 * slope / s.size  # (h, w), as y


# --8<-- [end:gradient]
# --8<-- [start:climb]
def on_sphere(x: np.ndarray, y: np.ndarray, target: float) -> np.ndarray:
    return x + (y - x) * np.sqrt(target / mse(x, y))


def climb(
    x: np.ndarray, y: np.ndarray, sign: int, free: np.ndarray
) -> np.ndarray:
    target, steps = mse(x, y), 120
    for step in range(steps):
        uphill = sign * ssim_gradient(x, y, 255) * free
        stride = 1.5 * (1 - step / steps)  # RMSE of the move
        y = y + stride * uphill / np.sqrt(np.mean(uphill**2))
        y = on_sphere(x, y, target)
    return y


# --8<-- [end:climb]
def photograph() -> np.ndarray:
    gray = cv2.cvtColor(data.chelsea(), cv2.COLOR_RGB2GRAY)
    return gray[50:210, 100:310].astype(np.float64)  # (160, 210)


def extremes() -> dict[str, np.ndarray]:
    x = photograph()
    noise = np.random.default_rng(0).standard_normal(x.shape)
    everywhere, inside = np.ones_like(x), np.zeros_like(x)
    inside[10:-10, 10:-10] = 1  # where every window weighs in full
    start = on_sphere(x, x + noise, target=256)
    within = on_sphere(x, x + noise * inside, target=256)
    return {
        "noise": start,
        "highest SSIM": climb(x, start, 1, everywhere),
        "highest, margin kept": climb(x, within, 1, inside),
        "lowest, margin kept": climb(x, within, -1, inside),
    }


def main() -> None:
    x, inner = photograph(), (slice(10, -10), slice(10, -10))
    print("image                   MSE   SSIM   in margin     90% of it in")
    for name, y in extremes().items():
        e = (y - x) ** 2
        margin = abs(1 - e[inner].sum() / e.sum())
        largest = np.sort(e.ravel())[::-1].cumsum()
        pixels = np.searchsorted(largest, 0.9 * e.sum()) / e.size
        numbers = f"{mse(x, y):>7.2f}{ssim(x, y, 255):>7.2f}{margin:>12.0%}"
        few = f"{pixels:.0%}" if pixels >= 0.01 else "under 1%"
        print(f"{name:<20}{numbers}{few:>12} pixels")


def extremes_figure() -> Figure:
    x = photograph()
    figure = Figure(figsize=(6.4, 5.6), layout="constrained")
    panels = figure.subplots(2, 2).flat
    for panel, (name, y) in zip(panels, extremes().items(), strict=True):
        panel.imshow(y, vmin=0, vmax=255)
        numbers = f"MSE {mse(x, y):.0f}, SSIM {ssim(x, y, 255):.2f}"
        panel.set_title(f"{name}\n{numbers}", fontsize=13)
        panel.axis("off")
    return figure


if __name__ == "__main__":
    main()
