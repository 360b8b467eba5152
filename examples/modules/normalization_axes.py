"""The four axis sets, drawn from gradients instead of from memory.

For each norm one output y[0, 1, 0, 0] is differentiated by every input.
Where the gradient is not zero the input shares its mean with that output:
the picture shows what the code does, not what its author believes it does.
"""

from itertools import product

import torch
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from examples.modules.normalization import four_norms, reach

INK = "#757b84"  # the mid-gray of all labels
STYLES = {
    "BN": ("#3b82f6", "b, h, w"),  # color, averaged axes
    "LN": ("#1f9d6b", "c, h, w"),
    "IN": ("#a35fe0", "h, w"),
    "GN": ("#ea7a17", "c / g, h, w"),
}
Point = tuple[float, float]


def cell(sample: int, channel: int, position: int) -> list[Point]:
    slant, depth, level = 0.5, 0.5, 2.75
    corners = [(0, 0), (1, 0), (1, 1), (0, 1)]
    return [
        (
            channel + right + slant * (position + back),
            depth * (position + back) - level * sample,
        )
        for right, back in corners
    ]


def center(sample: int, channel: int) -> Point:
    corners = cell(sample, channel, 0)
    return sum(x for x, _ in corners) / 4, sum(y for _, y in corners) / 4


def axes_figure() -> Figure:
    b, c, h, w = 3, 6, 2, 2
    at = (0, 1, 0, 0)
    x = torch.randn(b, c, h, w, generator=torch.Generator().manual_seed(0))
    figure = Figure(figsize=(6.4, 5.6))
    figure.subplots_adjust(left=0, right=1, bottom=0, top=1, wspace=0)
    pairs = zip(
        figure.subplots(2, 2).flat, four_norms(c, h, w).items(), strict=True
    )
    for panel, (name, norm) in pairs:
        color, axes = STYLES[name]
        reached = reach(norm, x, at).flatten(2)  # (b, c, h * w)
        for at_cell in product(*map(range, reached.shape)):
            fill = color if reached[at_cell] else "none"
            corners = cell(*at_cell)
            panel.add_patch(Polygon(corners, facecolor=fill, edgecolor=INK))
        panel.plot(*center(*at[:2]), "o", mfc="white", mec="black", ms=6)
        means = reached.numel() // int(reached.sum())
        text = {"color": color, "fontsize": 13}
        panel.text(0, 3.1, name, color=color, fontsize=18, weight="bold")
        panel.text(1.7, 3.1, f"over {axes}", **text)
        panel.text(0, -7.0, f"{means} means", **text)
        for sample in range(b):
            left, low = cell(sample, 0, 0)[0]
            panel.text(left - 0.2, low, f"b{sample}", ha="right")
        panel.text(c - 0.9, -6.35, "c →")
        panel.text(c + 0.8, -5.9, "h·w ↗")
        panel.set(xlim=(-1.1, c + 2.4), ylim=(-7.6, 4.3))
        panel.axis("off")
    return figure
