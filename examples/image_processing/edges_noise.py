"""What noise does to a first and to a second derivative.

A linear filter turns white noise of standard deviation 1 into noise of

    gain = sqrt(sum of the squares of its impulse response).

What counts is that gain against the answer to an edge, here a unit step
that the lens has blurred by a Gaussian of 1 pixel. The figure shows where
the Laplacian of a photograph changes sign, smoothed or not.

Shapes: images (h, w), float64. Raises ValueError for a negative sigma.
"""

from collections.abc import Callable

import cv2
import numpy as np
from matplotlib.figure import Figure
from skimage.data import camera

from examples.image_processing.edges_derivatives import (
    four_neighbors,
    laplacian,
    laplacian_of_gaussian,
    separable,
    zero_crossings,
)

Filter = Callable[[np.ndarray], np.ndarray]


# --8<-- [start:gain]
def smoothed(image: np.ndarray, sigma: float) -> np.ndarray:
    if sigma < 0:
        raise ValueError(f"sigma is {sigma}; it must not be negative")
    return cv2.GaussianBlur(image, (0, 0), sigma) if sigma else image


def slope(image: np.ndarray) -> np.ndarray:
    """Sobel in levels a pixel: a ramp of 1 level a pixel gives 1."""
    column, row = np.array([1, 2, 1]) / 4, np.array([-1, 0, 1]) / 2
    return separable(image, column, row, "reflect")


def noise_gain(apply: Filter, size: int = 41) -> float:
    impulse = np.zeros((size, size))
    impulse[size // 2, size // 2] = 1
    return float(np.sqrt((apply(impulse) ** 2).sum()))


def edge_answer(apply: Filter, size: int = 41) -> float:
    step = np.zeros((size, size))
    step[:, size // 2 :] = 1
    return float(abs(apply(smoothed(step, 1.0))).max())


# --8<-- [end:gain]
def crossings_figure() -> Figure:
    gray = np.ascontiguousarray(camera()[90:270, 165:345])
    sharp = laplacian(gray)
    smooth = laplacian_of_gaussian(gray, sigma=2)
    panels = {
        "photograph": gray,
        "Laplacian, sign changes": ~zero_crossings(sharp, 0),
        "LoG, sigma 2": ~zero_crossings(smooth, 0),
        "LoG, sigma 2, height > 3": ~zero_crossings(smooth, 3),
    }
    figure = Figure(figsize=(6, 6.4), layout="constrained")
    for axes, (title, image) in zip(
        figure.subplots(2, 2).flat, panels.items(), strict=True
    ):
        axes.imshow(image)
        axes.set_title(title)
        axes.axis("off")
    return figure


def main() -> None:
    filters: dict[str, Filter] = {
        "Sobel / 8": slope,
        "Laplacian": four_neighbors,
        "Gaussian 2, Sobel / 8": lambda x: slope(smoothed(x, 2)),
        "Gaussian 2, Laplacian": lambda x: four_neighbors(smoothed(x, 2)),
    }
    noise = np.random.default_rng(0).normal(size=(1000, 1000))
    print("                         gain  measured   edge  edge / gain")
    for name, apply in filters.items():
        gain, edge = noise_gain(apply), edge_answer(apply)
        measured = apply(noise).std()
        print(
            f"{name:<22} {gain:>6.3f} {measured:>9.2f} {edge:>6.3f} "
            f"{edge / gain:>12.2f}"
        )


if __name__ == "__main__":
    main()
