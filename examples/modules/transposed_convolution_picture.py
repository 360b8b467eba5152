"""The matrix of a convolution, its transpose, and the same as stamps.

Shapes: rows of pixels, 7 and 3 long, joined by a kernel of 3 at stride 2.
"""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from examples.modules.convolution import convolve
from examples.modules.convolution_matrix import convolution_matrix
from examples.modules.transposed_convolution import transposed_convolve

INK = "#757b84"
TAPS = ("#3b82f6", "#ea7a17", "#1f9d6b")
PIXELS = ("#a35fe0", "#e5484d", "#0e9aa7")
KERNEL = (1.0, 2.0, 3.0)


def cell(
    axes: Axes, x: float, y: float, text: str, color: str | None = None
) -> None:
    """One square, its lower left corner at (x, y)."""
    if color:
        axes.add_patch(Rectangle((x, y), 1, 1, color=color, alpha=0.22))
    axes.add_patch(Rectangle((x, y), 1, 1, fill=False, edgecolor=INK))
    axes.text(
        x + 0.5,
        y + 0.47,
        text,
        ha="center",
        va="center",
        color=color or INK,
        weight="bold" if color else "normal",
    )


def table(axes: Axes, matrix: Tensor, left: float, top: float) -> None:
    for i, row in enumerate(matrix.int().tolist()):
        for j, tap in enumerate(row):
            color = TAPS[tap - 1] if tap else None
            text = str(tap) if tap else ""
            cell(axes, left + j, top - i - 1, text, color)


def column(axes: Axes, values: Tensor, left: float, top: float) -> None:
    for i, value in enumerate(values.flatten().int().tolist()):
        cell(axes, left, top - i - 1, str(value))


def matrix_figure() -> Figure:
    kernel = torch.tensor(KERNEL)[None, None, None]  # (1, 1, 1, 3)
    m = convolution_matrix(kernel, 1, 7, stride=2)  # (3, 7)
    x = torch.tensor([1.0, 0, 2, 1, 0, 1, 3])
    y = convolve(x[None, None, None], kernel, stride=2).flatten()
    back = transposed_convolve(y[None, None, None], kernel, stride=2)
    figure = Figure(figsize=(6.5, 3.4), layout="constrained")
    axes = figure.subplots()
    sign = {"ha": "center", "va": "center", "fontsize": 15}
    table(axes, m, 0, 5)
    column(axes, x, 7.6, 7)
    axes.text(9.1, 3.5, "=", **sign)
    column(axes, y, 9.6, 5)
    table(axes, m.T, 12.8, 7)
    column(axes, y, 16.4, 5)
    axes.text(17.9, 3.5, "=", **sign)
    column(axes, back, 18.4, 7)
    for left, top, name in (
        (3.5, 5.3, "M"),
        (8.1, 7.3, "x"),
        (10.1, 5.3, "y"),
        (14.3, 7.3, "M transposed"),
        (16.9, 5.3, "y"),
        (18.9, 7.3, "x′"),
    ):
        axes.text(left, top, name, ha="center")
    middle = {"ha": "center", "fontsize": 11}
    axes.text(3.5, 8.4, "convolution: 7 pixels to 3", **middle)
    axes.text(16, 8.4, "transposed: 3 pixels to 7", **middle)
    axes.set(xlim=(-0.2, 19.6), ylim=(-0.2, 9.1), aspect="equal")
    axes.axis("off")
    return figure


def stamps_figure() -> Figure:
    y = torch.tensor([1.0, 10, 100])
    kernel = torch.tensor(KERNEL)[None, None, None]
    x = transposed_convolve(y[None, None, None], kernel, stride=2)
    figure = Figure(figsize=(6.2, 4.6), layout="constrained")
    axes = figure.subplots()
    axes.text(-0.3, 9.4, "input", ha="right", va="center")
    for i, value in enumerate(y.int().tolist()):
        at, color = 2 * i + 1, PIXELS[i]
        cell(axes, at, 8.9, str(value), color)
        for u, tap in enumerate(KERNEL):
            cell(axes, at - 1 + u, 6.9 - i, str(int(tap) * value), color)
        axes.text(
            -0.3,
            7.4 - i,
            f"{value} × kernel",
            ha="right",
            va="center",
            color=color,
        )
    axes.text(-0.3, 3.9, "sum", ha="right", va="center")
    overlap = [1, 1, 2, 1, 2, 1, 1]
    for j, value in enumerate(x.flatten().int().tolist()):
        color = "#ea7a17" if overlap[j] > 1 else None
        cell(axes, j, 3.4, str(value), color)
    axes.text(-1.2, 1.9, "with zeros", ha="right", va="center")
    spread = [0, 0, 1, 0, 10, 0, 100, 0, 0]
    for j, value in enumerate(spread):
        color = PIXELS[len(str(value)) - 1] if value else None
        cell(axes, j - 1, 1.4, str(value), color)
    axes.add_patch(
        Rectangle((1, 1.4), 3, 1, fill=False, edgecolor=INK, linewidth=2.5)
    )
    axes.text(2.5, 0.8, "3 · 1 + 2 · 0 + 1 · 10 = 13", ha="center")
    axes.annotate(
        "",
        (2.5, 3.35),
        (2.5, 2.5),
        arrowprops={"arrowstyle": "->", "color": INK},
    )
    axes.set(xlim=(-3.4, 8.2), ylim=(0.5, 10.1), aspect="equal")
    axes.axis("off")
    return figure
