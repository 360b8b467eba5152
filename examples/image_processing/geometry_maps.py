"""Maps that no matrix can write: a swirl, and a lens made straight.

A map says, for every output pixel, where to look in the input. To undo a
distortion one therefore needs the formula of the distortion itself, from
the straight image to the bent one, and no inverse.
"""

import numpy as np
from matplotlib.figure import Figure
from skimage import data

from examples.image_processing.geometry import remap


# --8<-- [start:swirl]
def swirl_maps(
    shape: tuple[int, int], strength: float, radius: float
) -> tuple[np.ndarray, np.ndarray]:
    """Turned by an angle that fades with the distance from the center."""
    v, u = np.indices(shape, dtype=float)
    cx, cy = (shape[1] - 1) / 2, (shape[0] - 1) / 2
    dx, dy = u - cx, v - cy
    angle = strength * np.exp(-np.hypot(dx, dy) / radius)
    c, s = np.cos(angle), np.sin(angle)
    return cx + c * dx - s * dy, cy + s * dx + c * dy


# --8<-- [end:swirl]
# --8<-- [start:lens]
def lens_maps(
    shape: tuple[int, int], focal: float, k1: float, k2: float = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Maps that undo radial distortion: straight (u, v) to bent (x, y)."""
    if focal <= 0:
        raise ValueError(f"focal is {focal}; it must be positive")
    v, u = np.indices(shape, dtype=float)
    cx, cy = (shape[1] - 1) / 2, (shape[0] - 1) / 2
    x, y = (u - cx) / focal, (v - cy) / focal
    r2 = x * x + y * y
    bend = 1 + k1 * r2 + k2 * r2 * r2
    return cx + focal * bend * x, cy + focal * bend * y


# --8<-- [end:lens]
# --8<-- [start:bend]
def bent_maps(
    shape: tuple[int, int], focal: float, k1: float, rounds: int = 100
) -> tuple[np.ndarray, np.ndarray]:
    """The inverse, to imitate the lens: r (1 + k1 r²) = d, by iteration."""
    v, u = np.indices(shape, dtype=float)
    cx, cy = (shape[1] - 1) / 2, (shape[0] - 1) / 2
    d = np.hypot(u - cx, v - cy) / focal
    r = d
    for _ in range(rounds):
        r = d / (1 + k1 * r * r)
    scale = np.divide(r, d, out=np.ones(shape), where=d > 0)
    return cx + scale * (u - cx), cy + scale * (v - cy)


# --8<-- [end:bend]
def maps_figure() -> Figure:
    image = data.brick()
    bent = remap(image, *bent_maps(image.shape, 420, -0.14))
    shown = {
        "the photograph": image,
        "a swirl": remap(image, *swirl_maps(image.shape, 2.5, 130)),
        "through a lens, k1 = -0.14": bent,
        "undone": remap(bent, *lens_maps(image.shape, 420, -0.14)),
    }
    figure = Figure(figsize=(6.4, 6.8), layout="constrained")
    for axes, (title, picture) in zip(
        figure.subplots(2, 2).flat, shown.items(), strict=True
    ):
        axes.imshow(picture, vmin=0, vmax=255)
        axes.set_title(title)
        axes.axis("off")
    return figure
