"""Uneven light: why one threshold fails, and three ways out of it.

The page and the coins are photographs. For numbers a silhouette whose truth
is known is lit from 35 % on the left to 100 % on the right, with noise.
"""

import cv2
import numpy as np
from matplotlib.figure import Figure
from skimage import data

from examples.image_processing.thresholding import (
    adaptive_threshold,
    otsu,
    threshold,
)


# --8<-- [start:flatten]
def flatten(image: np.ndarray, size: int) -> np.ndarray:
    """Divide dark objects on bright ground by an estimate of the ground."""
    kernel = np.ones((size, size), np.uint8)
    ground = cv2.morphologyEx(image, cv2.MORPH_CLOSE, kernel)
    ground = cv2.blur(ground, (size, size))
    return cv2.divide(image, ground, scale=255)  # the ground becomes 255


# --8<-- [end:flatten]
def lit_silhouette() -> tuple[np.ndarray, np.ndarray]:
    truth = ~data.horse()  # (h, w), True on the horse
    light = np.linspace(0.35, 1, truth.shape[1])
    noise = np.random.default_rng(0).normal(0, 5, truth.shape)
    image = np.where(truth, 90, 220) * light + noise
    return np.clip(np.rint(image), 0, 255).astype(np.uint8), truth


def error(mask: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean((mask == 0) != truth))  # the object is dark


def light_figure() -> Figure:
    page, coins = data.page(), data.coins()
    flat = flatten(page, 31)
    panels = {
        "page": page,
        "Otsu": threshold(page, otsu(page)),
        "adaptive, block 31, c = 10": adaptive_threshold(page, 31, 10),
        "flattened, then Otsu": threshold(flat, otsu(flat)),
        "coins, adaptive, block 15": adaptive_threshold(coins, 15, 0),
        "coins, adaptive, block 101": adaptive_threshold(coins, 101, 0),
    }
    figure = Figure(figsize=(6.4, 6.2), layout="constrained")
    grid = figure.subplots(3, 2, height_ratios=(1, 1, 1.55))
    for panel, (name, shown) in zip(grid.flat, panels.items(), strict=True):
        panel.imshow(shown, vmin=0, vmax=255)
        panel.set_title(name)
        panel.set(xticks=(), yticks=())
        panel.spines[:].set_visible(True)
    return figure


def main() -> None:
    image, truth = lit_silhouette()
    print("wrong pixels on the lit silhouette")
    mask = threshold(image, otsu(image))
    print(f"Otsu                       {error(mask, truth):.1%}")
    best = min(error(threshold(image, t), truth) for t in range(256))
    print(f"best single threshold      {best:.1%}")
    for block in (11, 61, 201):
        for c in (0, 10):
            mask = adaptive_threshold(image, block, c)
            kind = f"adaptive {block:>3}, c = {c:>2}"
            print(f"{kind:<26} {error(mask, truth):.1%}")
    flat = flatten(image, 141)
    mask = threshold(flat, otsu(flat))
    print(f"flattened, then Otsu       {error(mask, truth):.1%}")


if __name__ == "__main__":
    main()
