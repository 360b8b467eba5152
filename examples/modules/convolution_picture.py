"""A convolution drawn: window, kernel and one output channel.

Two input channels, so that the picture also says what diagrams of one
channel leave out: a kernel has a slice for each of them, and the slices'
answers are added.

Shapes: x (1, 2, 5, 5), weight (2, 2, 3, 3), y (1, 2, 3, 3), small integers.
"""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from examples.modules.convolution import convolve

INK, BLUE, ORANGE, GREEN = "#757b84", "#3b82f6", "#ea7a17", "#1f9d6b"
MINUS = "\N{MINUS SIGN}"
AT = (1, 2)  # the output whose window is drawn


def example() -> tuple[Tensor, Tensor, Tensor]:
    random = torch.Generator().manual_seed(6)
    x = torch.randint(0, 4, (1, 2, 5, 5), generator=random).double()
    slope = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    bend = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
    plus = [[0, 1, 0], [1, 1, 1], [0, 1, 0]]
    first, second = [slope, bend], [plus, slope]  # a slice for each channel
    weight = torch.tensor([first, second]).double()
    return x, weight, convolve(x, weight)


def grid(
    axes: Axes,
    values: Tensor,
    corner: tuple[float, float],
    color: str,
    window: tuple[int, int, int],
) -> None:
    """A table of numbers; ``window`` (row, column, size) is colored."""
    left, top = corner
    y, x, size = window
    frame = (left + x, top - y - size)
    axes.add_patch(Rectangle(frame, size, size, color=color, alpha=0.15))
    for i, row in enumerate(values.int().tolist()):
        for j, value in enumerate(row):
            cell = (left + j, top - i - 1)
            axes.add_patch(Rectangle(cell, 1, 1, fill=False, edgecolor=INK))
            inside = y <= i < y + size and x <= j < x + size
            axes.text(
                left + j + 0.5,
                top - i - 0.53,
                f"{value}".replace("-", MINUS),
                ha="center",
                va="center",
                color=color if inside else INK,
                weight="bold" if inside else "normal",
            )
    axes.add_patch(
        Rectangle(frame, size, size, fill=False, ec=color, linewidth=2)
    )


def window_figure() -> Figure:
    x, weight, y = example()
    figure = Figure(figsize=(6.5, 4.5), layout="constrained")
    axes = figure.subplots()
    i, j = AT
    middle = {"ha": "center", "va": "center"}
    for channel, top in ((0, 12.0), (1, 5.6)):
        kernel = weight[0, channel]
        grid(axes, x[0, channel], (0, top), BLUE, (i, j, 3))
        grid(axes, kernel, (7.2, top - 1), ORANGE, (0, 0, 3))
        part = int((x[0, channel, i : i + 3, j : j + 3] * kernel).sum())
        axes.text(6.1, top - 2.5, "×", fontsize=16, **middle)
        axes.text(
            11.0,
            top - 2.6,
            f"→ {part}".replace("-", MINUS),
            fontsize=13,
            color=ORANGE,
        )
        axes.text(0, top + 0.25, f"input, channel {channel}", color=BLUE)
        slice_name = f"kernel 0, slice {channel}"
        axes.text(7.2, top - 0.75, slice_name, color=ORANGE)
        axes.annotate(
            "",
            (14.6, 9.0 if channel == 0 else 8.4),
            (13.2, top - 2.5),
            arrowprops={"arrowstyle": "->", "color": INK},
        )
    axes.text(13.5, 8.2, "+", fontsize=16, **middle)
    grid(axes, y[0, 0], (14.8, 10.2), GREEN, (i, j, 1))
    axes.text(14.8, 10.45, "output, channel 0", color=GREEN)
    grid(axes, y[0, 1], (14.8, 5.6), INK, (i, j, 1))
    axes.text(14.8, 5.85, "output, channel 1", color=INK)
    axes.text(14.8, 1.1, "kernel 1 on the\nsame windows", color=INK)
    axes.set(xlim=(-0.2, 19.6), ylim=(0.4, 12.9), aspect="equal")
    axes.axis("off")
    return figure
