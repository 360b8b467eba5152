"""The three terms of SSIM apart, and the map of local SSIM, as pictures."""

import numpy as np
from matplotlib.figure import Figure
from skimage import data

from examples.image_quality.ssim import (
    gaussian_window,
    ssim_map,
    ssim_terms,
)

BLUE, ORANGE = "#3b82f6", "#ea7a17"
SIGNAL = (92, 101, 84, 96, 128, 166, 150, 104, 88, 110, 97)


def rearranged(x: np.ndarray) -> np.ndarray:
    """Same weighted mean and variance as x, and no correlation with it."""
    weights = gaussian_window(len(x))
    mean = weights @ x
    a = x - mean
    b = np.arange(len(x)) - len(x) // 2.0  # any other shape will do
    b = b - (weights @ (a * b)) / (weights @ a**2) * a
    b = b - weights @ b
    return mean + b * np.sqrt((weights @ a**2) / (weights @ b**2))


def patches() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    x = np.array(SIGNAL, np.float64)  # one row; the patch repeats it
    mean = gaussian_window() @ x
    return {
        "brighter": (x, x + 70),
        "flatter": (x, mean + 0.3 * (x - mean)),
        "rearranged": (x, rearranged(x)),
        "upside down": (x, 2 * mean - x),
    }


def patch_terms(x: np.ndarray, y: np.ndarray) -> list[float]:
    rows = (np.tile(signal, (len(signal), 1)) for signal in (x, y))
    return [float(term.item()) for term in ssim_terms(*rows, 255)]


def terms_figure() -> Figure:
    figure = Figure(figsize=(6.4, 5.0), layout="constrained")
    panels = figure.subplots(2, 2, sharex=True, sharey=True)
    for panel, (name, (x, y)) in zip(
        panels.flat, patches().items(), strict=True
    ):
        luminance, contrast, structure = patch_terms(x, y)
        panel.plot(x, "o-", color=BLUE, ms=3.5, label="x")
        panel.plot(y, "o-", color=ORANGE, ms=3.5, label="y")
        numbers = f"l {luminance:.2f}   c {contrast:.2f}   "
        numbers += f"s {structure:.2f}"
        panel.set_title(f"{name}\n{numbers}", fontsize=12)
        panel.set(ylim=(40, 255))
    for panel in panels[1]:
        panel.set(xlabel="pixel of the window")
    for panel in panels[:, 0]:
        panel.set(ylabel="gray level")
    panels[0, 1].legend(ncols=2)
    return figure


def map_figure() -> Figure:
    x = data.camera().astype(np.float64)
    y = x + np.random.default_rng(0).normal(0, 15, x.shape)
    inside = (slice(5, -5), slice(5, -5))  # where a map exists
    panels = {
        "reference": (x[inside], 0, 255),
        "Gaussian noise, s = 15": (y[inside], 0, 255),
        "|error|, black 0": (np.abs(y - x)[inside], 0, 50),
        "SSIM map, white 1": (ssim_map(x, y, 255), 0, 1),
    }
    figure = Figure(figsize=(6.4, 6.7), layout="constrained")
    for panel, (name, (image, low, high)) in zip(
        figure.subplots(2, 2).flat, panels.items(), strict=True
    ):
        panel.imshow(image, vmin=low, vmax=high)
        panel.set_title(name, fontsize=13)
        panel.axis("off")
    return figure
