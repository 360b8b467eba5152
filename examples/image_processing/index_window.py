"""A neighborhood operation drawn: windows, border, two neighborhoods."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch, Rectangle

from examples.image_processing.index import (
    NEIGHBORS,
    neighborhood,
    pad,
    saturate,
)

INK, BLUE, ORANGE, GREEN = "#757b84", "#3b82f6", "#ea7a17", "#1f9d6b"


def grid(panel: Axes, values: np.ndarray, first: int, inside: int) -> None:
    """Write numbers into cells; those outside 0..inside-1 are dashed."""
    for (i, j), value in np.ndenumerate(values):
        y, x = i + first, j + first
        real = 0 <= y < inside and 0 <= x < inside
        panel.add_patch(
            Rectangle(
                (x, y),
                1,
                1,
                fill=False,
                ec=INK,
                lw=1 if real else 0.7,
                ls="-" if real else ":",
            )
        )
        panel.text(
            x + 0.5,
            y + 0.5,
            str(value),
            ha="center",
            va="center",
            fontsize=10 if real else 8,
            alpha=1 if real else 0.75,
        )
    panel.set(xlim=(-1.15, inside + 1.15), ylim=(inside + 1.15, -1.15))
    panel.set_aspect("equal")
    panel.axis("off")


def neighbors(panel: Axes, connectivity: int) -> None:
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            near = (i, j) in NEIGHBORS[connectivity]
            face = GREEN if near else "none"
            if (i, j) == (0, 0):
                face = ORANGE
            panel.add_patch(Rectangle((j, i), 1, 1, fc=face, ec=INK))
    panel.set(xlim=(-2.1, 3.1), ylim=(2.1, -1.1), aspect="equal")
    panel.set_title(f"{connectivity} neighbors")
    panel.axis("off")


def window_figure() -> Figure:
    n = 5
    image = np.random.default_rng(4).integers(0, 10, (n, n)) * 10
    mean = saturate(neighborhood(image, np.mean))
    figure = Figure(figsize=(6.4, 5.2), layout="constrained")
    panels = figure.subplots(2, 2, height_ratios=(2.7, 1))
    before, after = panels[0]
    grid(before, pad(image, 1, "reflect_101"), -1, n)
    grid(after, mean, 0, n)
    before.set_title("x, with a border (reflect_101)")
    after.set_title("y = mean of 3 × 3, rounded")
    for (i, j), color in (((2, 2), BLUE), ((0, 0), ORANGE)):
        window = {"fill": True, "alpha": 0.25, "color": color}
        before.add_patch(Rectangle((j - 1, i - 1), 3, 3, **window))
        after.add_patch(Rectangle((j, i), 1, 1, **window | {"alpha": 0.5}))
        figure.add_artist(
            ConnectionPatch(
                (n + 1.05, i + 0.5),
                (-0.05, i + 0.5),
                "data",
                "data",
                axesA=before,
                axesB=after,
                arrowstyle="-|>",
                color=color,
                lw=1.6,
            )
        )
    for panel, connectivity in zip(panels[1], (4, 8), strict=True):
        neighbors(panel, connectivity)
    return figure
