"""The lookup and its gradient, drawn as products with a one-hot matrix.

    Y = O W,   dW = O^T dY,   bags: Y = C W

for ids 2, 0, 2, 5 in a table of six rows, and for the bags (2, 0, 2), (5).
Every id has a color; rows without color are zero or not touched.

Shapes: O (4, 6), W (6, 3), Y (4, 3), C (2, 6).
"""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

ROWS, WIDTH = 6, 3
IDS = (2, 0, 2, 5)
INK = "#757b84"
COLORS = {2: "#3b82f6", 0: "#ea7a17", 5: "#1f9d6b"}


def cell(
    axes: Axes,
    x: float,
    y: float,
    color: str,
    text: str = "",
) -> None:
    axes.fill([x, x + 1, x + 1, x], [y, y, y - 1, y - 1], color, alpha=0.85)
    axes.text(x + 0.5, y - 0.53, text, ha="center", va="center", c="k")


def grid(
    axes: Axes, left: float, shape: tuple[int, int], name: str, size: str
) -> float:
    """Outline of a matrix, centered on y = 0; returns its right end."""
    h, w = shape
    for i in range(h + 1):
        axes.plot([left, left + w], [i - h / 2] * 2, color=INK, lw=0.7)
    for j in range(w + 1):
        axes.plot([left + j] * 2, [-h / 2, h / 2], color=INK, lw=0.7)
    center = left + w / 2
    axes.text(center, h / 2 + 0.4, name, ha="center", color=INK, size=12)
    axes.text(center, -h / 2 - 1.0, size, ha="center", color=INK, size=9)
    return left + w


def sign(axes: Axes, x: float, text: str) -> float:
    axes.text(x + 0.9, 0, text, ha="center", va="center", size=15)
    return x + 1.8


def dense_rows(axes: Axes, left: float, ids: Sequence[int | None]) -> None:
    """Fill rows of width WIDTH, one id each, None for none."""
    for i, number in enumerate(ids):
        if number is not None:
            for j in range(WIDTH):
                cell(axes, left + j, len(ids) / 2 - i, COLORS[number])


def ones(
    axes: Axes,
    left: float,
    places: Sequence[tuple[int, int, int, str]],
    h: int,
) -> None:
    for i, j, number, text in places:
        cell(axes, left + j, h / 2 - i, COLORS[number], text)


def forward(axes: Axes) -> None:
    n = len(IDS)
    right = grid(axes, 0, (n, ROWS), "O", "(n, v)")
    ones(axes, 0, [(i, r, r, "1") for i, r in enumerate(IDS)], n)
    for i, r in enumerate(IDS):
        axes.text(-0.5, n / 2 - i - 0.53, r, ha="center", va="center")
    start = sign(axes, right, "·")
    right = grid(axes, start, (ROWS, WIDTH), "W", "(v, d)")
    touched = [r if r in IDS else None for r in range(ROWS)]
    dense_rows(axes, start, touched)
    start = sign(axes, right, "=")
    grid(axes, start, (n, WIDTH), "Y", "(n, d)")
    dense_rows(axes, start, IDS)
    axes.set_title("lookup of 2, 0, 2, 5: rows are copied")


def backward(axes: Axes) -> None:
    n = len(IDS)
    right = grid(axes, 0, (ROWS, n), "Oᵀ", "(v, n)")
    ones(axes, 0, [(r, i, r, "1") for i, r in enumerate(IDS)], ROWS)
    start = sign(axes, right, "·")
    right = grid(axes, start, (n, WIDTH), "dY", "(n, d)")
    dense_rows(axes, start, IDS)
    start = sign(axes, right, "=")
    right = grid(axes, start, (ROWS, WIDTH), "dW", "(v, d)")
    touched = [r if r in IDS else None for r in range(ROWS)]
    dense_rows(axes, start, touched)
    for r in range(ROWS):
        number = IDS.count(r)
        text = {0: "0", 1: "one row of dY", 2: "sum of two rows"}[number]
        y = ROWS / 2 - r - 0.53
        axes.text(right + 0.3, y, text, va="center", size=9)
    axes.set_title("gradient: rows are added where they came from")


def bags(axes: Axes) -> None:
    right = grid(axes, 0, (2, ROWS), "C", "(b, v)")
    ones(axes, 0, [(0, 2, 2, "2"), (0, 0, 0, "1"), (1, 5, 5, "1")], 2)
    start = sign(axes, right, "·")
    right = grid(axes, start, (ROWS, WIDTH), "W", "(v, d)")
    dense_rows(axes, start, [r if r in IDS else None for r in range(ROWS)])
    start = sign(axes, right, "=")
    right = grid(axes, start, (2, WIDTH), "Y", "(b, d)")
    dense_rows(axes, start, [None, 5])
    for i, text in enumerate(("2 W[2] + W[0]", "W[5]")):
        axes.text(right + 0.3, 0.47 - i, text, va="center", size=9)
    axes.set_title("sums of the bags (2, 0, 2) and (5)")


def lookup_figure() -> Figure:
    figure = Figure(figsize=(5.6, 7.8), layout="constrained")
    for axes, draw in zip(
        figure.subplots(3, 1), (forward, backward, bags), strict=True
    ):
        draw(axes)
        axes.set(xlim=(-1.0, 19.5), ylim=(-4.3, 4.4), aspect="equal")
        axes.axis("off")
    return figure
