"""Drawings: one block of v1 with its channels, and the blocks of v3."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from examples.architectures.inception import TABLE_1, Widths

SMALL, LARGE, POOL, INK = "#3b82f6", "#ea7a17", "#1f9d6b", "#757b84"
CHAINS = {  # from the input on, "|" starts another branch
    "A, 35 × 35": "1×1 | 1×1 5×5 | 1×1 3×3 3×3 | mean 1×1",
    "B, 35 to 17": "3×3/2 | 1×1 3×3 3×3/2 | max/2",
    "C, 17 × 17": "1×1 | 1×1 1×7 7×1 | 1×1 7×1 1×7 7×1 1×7 | mean 1×1",
    "D, 17 to 8": "1×1 3×3/2 | 1×1 1×7 7×1 3×3/2 | max/2",
    "E, 8 × 8": "1×1 | 1×1 1×3,3×1 | 1×1 3×3 1×3,3×1 | mean 1×1",
}


def box(
    axes: Axes, x: float, y: float, text: str, width: float = 1.5
) -> None:  # in the color of its kind
    color = POOL if text.startswith(("max", "mean")) else LARGE
    color = SMALL if text.startswith("1×1") else color
    shape = FancyBboxPatch(
        (x - width / 2, y - 0.34),
        width,
        0.68,
        boxstyle="round,pad=0.04",
        fc=color,
        ec=color,
        alpha=0.25,
    )
    axes.add_patch(shape)
    axes.text(x, y, text, ha="center", va="center", fontsize=8.5)


def line(
    axes: Axes, start: Sequence[float], end: Sequence[float], channels: int
) -> None:
    """As wide as the channels are many."""
    axes.plot(
        *zip(start, end, strict=True),
        color=INK,
        alpha=0.45,
        linewidth=channels / 14,
        solid_capstyle="butt",
        zorder=0,
    )
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    axes.text(x + 0.12 + channels / 480, y, str(channels), va="center")


def block_figure() -> Figure:
    """Block 3a: 192 channels in, 256 out."""
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axes = figure.subplots()
    c, w = 192, Widths(*TABLE_1["3a"])
    bottom, low, high, top = 0.0, 1.9, 4.3, 6.4
    branches = (
        ("", 0, "1×1", w.one),
        ("1×1", w.reduce3, "3×3", w.three),
        ("1×1", w.reduce5, "5×5", w.five),
        ("max 3×3", c, "1×1", w.pool),
    )
    for i, (first, between, second, out) in enumerate(branches):
        x = 3.0 * i
        if first:
            box(axes, x, low, first)
            line(axes, (x, bottom), (x, low - 0.4), c)
            line(axes, (x, low + 0.4), (x, high - 0.4), between)
        else:
            line(axes, (x, bottom), (x, high - 0.4), c)
        box(axes, x, high, second)
        line(axes, (x, high + 0.4), (x, top), out)
    axes.plot([-0.7, 9.7], [bottom] * 2, color=INK, linewidth=3)
    axes.plot([-0.7, 9.7], [top] * 2, color=INK, linewidth=3)
    axes.text(4.5, bottom - 0.25, "x: 192 channels", ha="center", va="top")
    total = w.one + w.three + w.five + w.pool
    parts = f"{w.one} + {w.three} + {w.five} + {w.pool}"
    said = f"y: {parts} = {total} channels"
    axes.text(4.5, top + 0.2, said, ha="center", va="bottom")
    axes.set(xlim=(-1.2, 11), ylim=(-0.8, 7.2))
    axes.axis("off")
    return figure


def v3_figure() -> Figure:
    figure = Figure(figsize=(6.4, 7.6), layout="constrained")
    panels = figure.subplots(3, 2, height_ratios=(3, 5, 4))
    legend = panels[2, 1]
    legend.axis("off")
    for row, (kind, said) in enumerate(
        {
            "1×1": "mixes channels",
            "3×3": "sees around",
            "3×3/2": "with stride 2",
            "1×3, 3×1": "side by side",
            "mean": "pooling",
        }.items()
    ):
        box(legend, 0.9, 4 - row, kind, 1.7)
        legend.text(2.1, 4 - row, said, va="center")
    legend.set(xlim=(-1, 6.7), ylim=(-1, 5.2))
    pairs = zip(panels.flat, CHAINS.items(), strict=False)
    for axes, (name, text) in pairs:
        branches = [branch.split() for branch in text.split(" | ")]
        longest = max(len(branch) for branch in branches)
        for i, units in enumerate(branches):
            x = 1.9 * i
            for j, unit_text in enumerate(units):
                box(axes, x, j + 1, unit_text.replace(",", ", "), 1.7)
            ends = ((0.3, 0.62), (len(units) + 0.38, longest + 0.9))
            for start, end in ends:
                axes.plot([x, x], [start, end], color=INK, lw=1, zorder=0)
            for j in range(1, len(units)):
                at = [j + 0.38, j + 0.62]
                axes.plot([x, x], at, color=INK, lw=1, zorder=0)
        ends = [-0.6, 1.9 * (len(branches) - 1) + 0.6]
        for y in (0.3, longest + 0.9):
            axes.plot(ends, [y, y], color=INK, linewidth=2)
        axes.set(xlim=(-1, 6.7), ylim=(0, longest + 1.6))
        middle = 1.9 * (len(branches) - 1) / 2
        axes.text(middle, longest + 1.2, name, ha="center", fontsize=11)
        axes.axis("off")
    return figure
