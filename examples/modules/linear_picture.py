"""The three matrix products of a linear layer, drawn to scale.

    y = x W^T,   dx = dy W,   dW = dy^T x

Each picture colors one entry of the result and the row and the column whose
dot product it is. Which axis they run along is the axis that is summed:
features forward, outputs for dx, samples for dW.

Shapes: x (n, d), W (k, d), y (n, k), here n = 5, d = 7, k = 3.
"""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

SIZES = {"n": 5, "d": 7, "k": 3}
INK = "#757b84"
ENTRY, LEFT, RIGHT = "#3b82f6", "#ea7a17", "#1f9d6b"


def matrix(
    axes: Axes, left: float, name: str, rows: str, columns: str
) -> tuple[float, float]:
    """Draw the cells, centered on y = 0; returns center and right."""
    h, w = SIZES[rows], SIZES[columns]
    for i in range(h + 1):
        axes.plot([left, left + w], [i - h / 2] * 2, color=INK, lw=0.7)
    for j in range(w + 1):
        axes.plot([left + j] * 2, [-h / 2, h / 2], color=INK, lw=0.7)
    center = left + w / 2
    axes.text(center, h / 2 + 0.5, name, ha="center", color=INK, size=12)
    shape = f"({rows}, {columns})"
    axes.text(center, -h / 2 - 1.0, shape, ha="center", color=INK, size=9)
    return center, left + w


def paint(
    axes: Axes, left: float, top: float, w: float, h: float, color: str
) -> None:
    sides = [left, left + w]
    axes.fill_between(sides, top - h, top, color=color, alpha=0.75)


def product(axes: Axes, names: tuple[str, str, str], letters: str) -> None:
    """One entry of the result (a, b) = (a, m) times (m, b)."""
    a, m, b = letters
    h, inner = SIZES[a], SIZES[m]
    _, right = matrix(axes, 0, names[0], a, b)
    axes.text(right + 0.9, 0, "=", ha="center", va="center", size=14)
    paint(axes, 1, h / 2 - 1, 1, 1, ENTRY)
    start = right + 1.8
    _, right = matrix(axes, start, names[1], a, m)
    paint(axes, start, h / 2 - 1, inner, 1, LEFT)
    axes.text(right + 0.9, 0, "·", ha="center", va="center", size=16)
    start = right + 1.8
    matrix(axes, start, names[2], m, b)
    paint(axes, start + 1, inner / 2, 1, inner, RIGHT)
    axes.set(xlim=(-0.3, 23), ylim=(-5.0, 5.2), aspect="equal")
    axes.axis("off")


def products_figure() -> Figure:
    figure = Figure(figsize=(5.6, 7.6), layout="constrained")
    top, middle, low = figure.subplots(3, 1)
    product(top, ("y", "x", "Wᵀ"), "ndk")
    product(middle, ("dx", "dy", "W"), "nkd")
    product(low, ("dW", "dyᵀ", "x"), "knd")
    top.set_title("forward: sums over features d")
    middle.set_title("gradient of the input: sums over outputs k")
    low.set_title("gradient of the weights: sums over samples n")
    return figure
