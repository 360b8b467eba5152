"""What a filter does at one pixel, and what stands beyond the border."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch, Rectangle

from examples.image_processing.filtering import (
    BORDERS,
    border_index,
    correlate,
)

INK = "#757b84"
BLUE, ORANGE, GREEN = "#3b82f6", "#ea7a17", "#1f9d6b"
SOURCES = ("#3b82f6", "#1f9d6b", "#a35fe0", "#ea7a17", "#0e9aa7")


def cells(panel: Axes, values: np.ndarray, lit: dict, color: str) -> None:
    """A table of numbers; `lit` says how strongly a cell is filled."""
    h, w = values.shape
    for i, j in np.ndindex(h, w):
        strength = lit.get((i, j), 0.0)
        at = (j, i)
        panel.add_patch(Rectangle(at, 1, 1, fc=color, alpha=strength, lw=0))
        panel.add_patch(Rectangle(at, 1, 1, fc="none", ec=INK, lw=0.8))
        panel.text(
            j + 0.5, i + 0.54, f"{values[i, j]:g}", ha="center", va="center"
        )
    panel.set(xlim=(-0.1, w + 0.1), ylim=(h + 0.1, -0.1), aspect="equal")
    panel.axis("off")


def neighborhood_figure() -> Figure:
    image = np.array(
        [
            [10, 10, 10, 40, 40, 40],
            [10, 10, 10, 40, 40, 40],
            [10, 90, 10, 40, 40, 40],
            [10, 10, 10, 40, 40, 40],
            [10, 10, 10, 40, 40, 40],
        ]
    )
    kernel = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]])
    result = correlate(image, kernel / 16, "replicate")
    at = (2, 2)
    figure = Figure(figsize=(6.4, 3.5), layout="constrained")
    top, below = figure.subfigures(2, 1, height_ratios=(4, 1.2)).flat
    left, middle, right = top.subplots(1, 3, width_ratios=(6, 3, 6))
    window = {
        (at[0] + m, at[1] + n): kernel[m + 1, n + 1] / 10
        for m in (-1, 0, 1)
        for n in (-1, 0, 1)
    }
    cells(left, image, window, BLUE)
    cells(middle, kernel, dict.fromkeys(np.ndindex(3, 3), 0.3), ORANGE)
    cells(right, result.round(1), {at: 0.3}, GREEN)
    left.set_title("image x")
    middle.set_title("16 × kernel K")
    right.set_title("output y")
    for a, b, start, end in (
        (left, middle, (6, 2.5), (0, 1.5)),
        (middle, right, (3, 1.5), (0, 2.5)),
    ):
        top.add_artist(
            ConnectionPatch(
                start,
                end,
                coordsA="data",
                coordsB="data",
                axesA=a,
                axesB=b,
                arrowstyle="->",
                color=ORANGE,
            )
        )
    patch = image[1:4, 1:4]
    lines = [
        " + ".join(f"{k}·{v}" for k, v in zip(ks, vs, strict=True))
        for ks, vs in zip(kernel, patch, strict=True)
    ]
    text = below.subplots()
    text.axis("off")
    total = int((kernel * patch).sum())
    text.text(
        0.5,
        0.5,
        f"{lines[0]}  +  {lines[1]}\n+  {lines[2]}  =  {total},   "
        f"{total} / 16 = {total / 16:g}",
        ha="center",
        va="center",
        fontsize=11,
        linespacing=1.7,
    )
    return figure


def border_figure() -> Figure:
    n, beyond = 5, 4
    positions = np.arange(-beyond, n + beyond)
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    panel = figure.subplots()
    for row, border in enumerate(BORDERS):
        sources = border_index(positions, n, border)
        for x, source in zip(positions, sources, strict=True):
            inside = 0 <= x < n
            color = SOURCES[source] if source >= 0 else "none"
            panel.add_patch(
                Rectangle(
                    (x, row + 0.1),
                    1,
                    0.8,
                    fc=color,
                    alpha=0.45 if inside else 0.2,
                    lw=0,
                )
            )
            panel.add_patch(
                Rectangle((x, row + 0.1), 1, 0.8, fc="none", ec=INK, lw=0.6)
            )
            text = "abcde"[source] if source >= 0 else "0"
            panel.text(
                x + 0.5,
                row + 0.53,
                text,
                ha="center",
                va="center",
                weight="bold" if inside else "normal",
            )
        place = (-beyond - 0.3, row + 0.5)
        panel.text(*place, border, ha="right", va="center")
    for x in (0, n):
        panel.plot([x, x], [0, len(BORDERS)], color=INK, lw=2)
    panel.set(xlim=(-7.6, n + beyond + 0.1), ylim=(len(BORDERS), -0.5))
    panel.text(n / 2, -0.25, "image", ha="center", va="center")
    panel.axis("off")
    return figure
