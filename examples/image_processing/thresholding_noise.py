"""Noise fills the valley of the histogram; smoothing first digs it out."""

import cv2
import numpy as np
from matplotlib.figure import Figure
from skimage import data

from examples.image_processing.thresholding import (
    histogram,
    otsu,
    threshold,
)

DARK, BRIGHT = 96, 160


# --8<-- [start:noisy]
def noisy_silhouette(sigma: float) -> tuple[np.ndarray, np.ndarray]:
    truth = ~data.horse()  # (h, w), True on the horse
    noise = np.random.default_rng(0).normal(0, 1, truth.shape)
    image = np.where(truth, DARK, BRIGHT) + sigma * noise
    return np.clip(np.rint(image), 0, 255).astype(np.uint8), truth


def wrong(image: np.ndarray, t: int, truth: np.ndarray) -> float:
    return float(np.mean((image <= t) != truth))


def smoothed(image: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(image, (0, 0), sigma) if sigma else image


# --8<-- [end:noisy]
def valley_figure() -> Figure:
    image, _ = noisy_silhouette(40)
    figure = Figure(figsize=(6.4, 5.6), layout="constrained")
    panels = figure.subplots(2, 2, height_ratios=(1.5, 1))
    names = ("noisy", "Gaussian blur first")
    for column, sigma in enumerate((0, 1.5)):
        shown = smoothed(image, sigma)
        t, counts = otsu(shown), histogram(shown)
        top, below = panels[:, column]
        top.imshow(threshold(shown, t), vmin=0, vmax=255)
        top.set_title(f"{names[column]}: x > {t}")
        top.set(xticks=(), yticks=())
        top.spines[:].set_visible(True)
        levels = np.arange(256)
        low = levels <= t
        below.bar(levels[low], counts[low], width=1, color="#3b82f6")
        below.bar(levels[~low], counts[~low], width=1, color="#ea7a17")
        below.set(xlim=(1, 254), ylim=(0, counts[1:255].max()), yticks=())
        below.set_xlabel("gray level")
    panels[1, 0].set_ylabel("pixels")
    return figure


def main() -> None:
    print("                  wrong pixels after a Gaussian blur of sigma")
    print("noise   best t        none        1.5        3.5   (Otsu's t)")
    for noise in (0, 10, 20, 40):
        image, truth = noisy_silhouette(noise)
        best = min(wrong(image, t, truth) for t in range(256))
        cells = ""
        for sigma in (0, 1.5, 3.5):
            shown = smoothed(image, sigma)
            cells += f" {wrong(shown, otsu(shown), truth):>10.1%}"
        print(f"{noise:>5} {best:>8.1%} {cells}")


if __name__ == "__main__":
    main()
