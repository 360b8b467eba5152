"""Which filter removes which noise, in decibels and side by side.

Two kinds of noise spoil one photograph: impulses (a tenth of the pixels
turn black or white) and Gaussian noise (every pixel moves a little).
PSNR is 10 log10(255^2 / mean squared error) against the clean photograph.
"""

import numpy as np
from matplotlib.figure import Figure
from skimage import data

from examples.image_processing.filtering import (
    box,
    gaussian_kernel,
    separable,
    to_uint8,
)
from examples.image_processing.filtering_nonlinear import bilateral, median

FILTERS = (
    "none",
    "box 5",
    "Gauss 5",
    "median 3",
    "median 5",
    "bilateral 9",
)
SHOWN = ("none", "Gauss 5", "median 3", "bilateral 9")


# --8<-- [start:noise]
def impulses(image: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Salt and pepper: this share of the pixels, half white, half black."""
    rng = np.random.default_rng(seed)
    hit = rng.random(image.shape)
    noisy = image.copy()
    noisy[hit < share] = 255
    noisy[hit < share / 2] = 0
    return noisy


def gaussian(image: np.ndarray, sigma: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return to_uint8(image + rng.normal(0, sigma, image.shape))


def apply(name: str, image: np.ndarray) -> np.ndarray:
    if name == "box 5":
        return to_uint8(box(image, 5))
    if name == "Gauss 5":
        g = gaussian_kernel(5, 1.1)
        return to_uint8(separable(image, g, g))
    if name.startswith("median"):
        return median(image, int(name[-1]))
    if name == "bilateral 9":
        return to_uint8(bilateral(image, 9, 60, 2))
    return image


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    squared = (a.astype(np.float64) - b) ** 2
    return float(10 * np.log10(255**2 / squared.mean()))


# --8<-- [end:noise]
def photographs() -> dict[str, np.ndarray]:
    clean = data.camera()[64:320, 96:352]
    return {
        "clean": clean,
        "impulses 10 %": impulses(clean, 0.1, seed=0),
        "Gaussian 20": gaussian(clean, 20, seed=0),
    }


def noise_figure() -> Figure:
    """Rows: filters; columns: the two kinds of noise."""
    found = photographs()
    clean = found.pop("clean")
    figure = Figure(figsize=(4.6, 9.2), layout="constrained")
    panels = figure.subplots(len(SHOWN), 2)
    for column, (kind, noisy) in enumerate(found.items()):
        for row, name in enumerate(SHOWN):
            panel = panels[row, column]
            result = apply(name, noisy)
            part = result[:128, 48:176]
            panel.imshow(part, cmap="gray", vmin=0, vmax=255)
            title = kind if name == "none" else name
            panel.set_title(f"{title}: {psnr(result, clean):.1f} dB")
            panel.axis("off")
    return figure


def main() -> None:
    found = photographs()
    clean = found.pop("clean")
    print(f"{'PSNR in dB':<12}" + "".join(f"{k:>15}" for k in found))
    for name in FILTERS:
        results = [psnr(apply(name, x), clean) for x in found.values()]
        print(f"{name:<12}" + "".join(f"{r:>15.1f}" for r in results))

    flat = np.full((400, 400), 128, np.uint8)
    noisy = flat + np.random.default_rng(1).normal(0, 10, flat.shape)
    print("\nflat gray, noise of standard deviation 10: what is left")
    g = np.outer(gaussian_kernel(5, 1.1), gaussian_kernel(5, 1.1))
    predicted = {
        "box": 10 / 5,
        "Gauss": 10 * np.sqrt((g**2).sum()),
        "median": 10 / 5 * np.sqrt(np.pi / 2),
    }
    left = {
        "box": box(noisy, 5),
        "Gauss": separable(noisy, g.sum(1), g.sum(0)),
        "median": median(noisy, 5),
    }
    for name, y in left.items():
        formula = f"formula {predicted[name]:.1f}"
        print(f"{name:<7} 5 x 5: {y.std():.1f}  {formula}")


if __name__ == "__main__":
    main()
