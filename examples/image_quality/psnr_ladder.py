"""What a number of decibels looks like: noise and blur at the same PSNR."""

from collections.abc import Callable

import cv2
import numpy as np
from matplotlib.figure import Figure
from skimage import data

from examples.image_quality.psnr import psnr

LEVELS = (36, 30, 24)  # dB
Damage = Callable[[np.ndarray, float], np.ndarray]


def noisy(x: np.ndarray, strength: float) -> np.ndarray:
    pattern = np.random.default_rng(0).standard_normal(x.shape)
    return np.clip(x + strength * pattern, 0, 255)


def blurred(x: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(x, (61, 61), max(sigma, 1e-3))


def at_psnr(x: np.ndarray, damage: Damage, db: float) -> np.ndarray:
    low, high = 0.0, 40.0  # the stronger the damage, the lower the PSNR
    for _ in range(40):
        middle = (low + high) / 2
        weak = psnr(x, damage(x, middle), 255) > db
        low, high = (middle, high) if weak else (low, middle)
    return damage(x, high)


def ladder_figure() -> Figure:
    x = data.camera()[60:260, 130:330].astype(np.float64)
    figure = Figure(figsize=(6.4, 4.7), layout="constrained")
    panels = figure.subplots(2, len(LEVELS))
    for row, damage in zip(panels, (noisy, blurred), strict=True):
        for panel, db in zip(row, LEVELS, strict=True):
            y = at_psnr(x, damage, db)
            panel.imshow(y, vmin=0, vmax=255)
            panel.set_title(f"{damage.__name__}, {psnr(x, y, 255):.1f} dB")
            panel.axis("off")
    return figure
