"""Drawings: what pooling makes of one map, and where its windows lie."""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from examples.modules.pooling import AvgPool, MaxPool, output_size
from examples.modules.pooling_adaptive import (
    AdaptiveAvgPool,
    GlobalAvgPool,
    bins,
)

INK = "#757b84"  # the mid-gray of all labels
COLORS = ("#3b82f6", "#ea7a17", "#1f9d6b", "#a35fe0")


def draw_cells(axes: Axes, values: Tensor, fills: list[str]) -> None:
    """One square a value, filled row by row, the number on it."""
    h, w = values.shape
    for index, value in enumerate(values.flatten().tolist()):
        y, x = divmod(index, w)
        fill = {"facecolor": fills[index], "alpha": 0.25}
        axes.add_patch(Rectangle((x, y), 1, 1, **fill))
        axes.add_patch(Rectangle((x, y), 1, 1, fill=False, edgecolor=INK))
        label = {"ha": "center", "va": "center", "fontsize": 14}
        axes.text(x + 0.5, y + 0.5, f"{value:.4g}", **label)
    axes.set(xlim=(-0.05, w + 0.05), ylim=(h + 0.05, -0.05), aspect="equal")
    axes.axis("off")


def kinds_figure() -> Figure:
    x = torch.tensor(
        [[1.0, 3, 2, 0], [6, 2, 4, 8], [5, 0, 7, 1], [3, 4, 2, 6]]
    )[None, None]
    window = torch.arange(4).view(2, 2)  # each window has a color
    window = window.repeat_interleave(2, 0).repeat_interleave(2, 1)
    colors = [COLORS[i] for i in window.flatten()]
    made = {
        "max pooling": MaxPool(2)(x)[0, 0],
        "average pooling": AvgPool(2)(x)[0, 0],
        "global, 4 → 1": GlobalAvgPool()(x),
        "adaptive, 4 → 3": AdaptiveAvgPool(3)(x)[0, 0],
    }
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    panels = figure.subplot_mosaic("AABC;AADE")
    draw_cells(panels["A"], x[0, 0], colors)
    panels["A"].set_title("input, four windows", fontsize=12)
    for place, (name, values) in zip("BCDE", made.items(), strict=True):
        four = values.numel() == 4
        fills = list(COLORS) if four else ["none"] * 9
        draw_cells(panels[place], values, fills)
        panels[place].set_title(name, fontsize=12)
    return figure


def draw_windows(
    axes: Axes, size: int, kernel: int, stride: int, padding: int
) -> None:
    """Pixels in a row, and under them every window that rounding allows."""
    for x in range(-padding, size + padding):
        inside = 0 <= x < size
        gray = {"facecolor": INK, "alpha": 0.5}
        look = gray if inside else {"fill": False}
        edge = {"edgecolor": INK, "linestyle": "-" if inside else ":"}
        axes.add_patch(Rectangle((x, 0), 1, 0.8, **look, **edge))
    shape = (size, kernel, stride, padding)
    floor = output_size(*shape)
    ceil = output_size(*shape, ceil_mode=True)
    rounded = -(-(size + 2 * padding - kernel) // stride) + 1
    for i in range(rounded):
        color, note = COLORS[0], ""
        if i >= floor:
            color, note = COLORS[1], "ceil only"
        if i >= ceil:
            color, note = "#e5484d", "dropped"
        start, y = i * stride - padding, -0.5 - 0.42 * i
        ends = [start + 0.08, start + kernel - 0.08]
        axes.plot(ends, [y, y], color=color, linewidth=5)
        look = {"color": color, "va": "center", "fontsize": 12}
        axes.text(start + kernel + 0.15, y, note, **look)
    axes.set_title(
        f"input {size}, kernel {kernel}, stride {stride}, "
        f"padding {padding}:  floor {floor}, ceil {ceil}",
        fontsize=12,
    )
    axes.set(xlim=(-1.3, 11.2), ylim=(-0.85 - 0.42 * rounded, 1))
    axes.axis("off")


def ceil_figure() -> Figure:
    figure = Figure(figsize=(6.4, 5.2), layout="constrained")
    cases = ((7, 3, 2, 0), (8, 3, 2, 0), (7, 2, 2, 1))
    for axes, case in zip(figure.subplots(3, 1), cases, strict=True):
        draw_windows(axes, *case)
    return figure


def bins_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    pairs = ((7, 3), (7, 4), (10, 4))
    for axes, (size, out) in zip(figure.subplots(3, 1), pairs, strict=True):
        for x in range(size):
            box = {"facecolor": INK, "alpha": 0.5, "edgecolor": INK}
            axes.add_patch(Rectangle((x, 0), 1, 0.8, **box))
        for i, (start, end) in enumerate(bins(size, out)):
            y = -0.4 - 0.45 * (i % 2)
            x = [start + 0.06, end - 0.06]
            axes.plot(x, [y, y], color=COLORS[i], linewidth=5)
        axes.text(size + 0.4, 0.1, f"{size} → {out}", fontsize=13)
        axes.set(xlim=(-0.2, 12.2), ylim=(-1.2, 0.95))
        axes.axis("off")
    return figure
