"""The cell as a conveyor: what one LSTM step does to c, drawn.

Nothing here computes; every sign on the picture is a line of LSTMCell.
"""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch

from examples.architectures.rnn_picture import arrow

ROWS_INK = "#757b84"
CELL_COLOR = "#ea7a17"
GATES = (
    (1.5, "f", "σ", "forget", "#e5484d"),
    (2.9, "i", "σ", "input", "#1f9d6b"),
    (4.1, "g", "tanh", "candidate", "#1f9d6b"),
    (5.6, "o", "σ", "output", "#3b82f6"),
)


def gate(axes: Axes, x: float, y: float, text: str, color: str) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (x - 0.36, y - 0.22),
            0.72,
            0.44,
            boxstyle="round,pad=0.02,rounding_size=0.08",
            facecolor="none",
            edgecolor=color,
            linewidth=1.8,
        )
    )
    middle = {"ha": "center", "va": "center", "color": color}
    axes.text(x, y, text, fontsize=11, **middle)


def sign(axes: Axes, x: float, y: float, text: str, color: str) -> None:
    axes.add_patch(Circle((x, y), 0.21, facecolor="none", edgecolor=color))
    middle = {"ha": "center", "va": "center", "color": color}
    axes.text(x, y, text, fontsize=13, **middle)


def conveyor_figure() -> Figure:
    figure = Figure(figsize=(6.4, 4.6), layout="constrained")
    axes = figure.subplots()
    belt, low = 4.0, 1.5
    belt_parts = ((-0.2, 1.29), (1.71, 3.29), (3.71, 7.5))
    for left, right in belt_parts:
        band = {"color": CELL_COLOR, "lw": 5, "alpha": 0.35}
        axes.plot([left, right], [belt, belt], **band)
        arrow(axes, (left, belt), (right, belt), CELL_COLOR)
    axes.text(-0.2, belt + 0.2, "c[t-1]", color=CELL_COLOR, fontsize=12)
    axes.text(
        7.5, belt + 0.2, "c[t]", color=CELL_COLOR, fontsize=12, ha="right"
    )
    sign(axes, 1.5, belt, "×", GATES[0][4])
    sign(axes, 3.5, belt, "+", GATES[1][4])
    sign(axes, 3.5, 2.9, "×", GATES[1][4])
    sign(axes, 6.4, 2.6, "×", GATES[3][4])
    gate(axes, 6.4, 3.35, "tanh", CELL_COLOR)
    for x, letter, squash, name, color in GATES:
        gate(axes, x, low, squash, color)
        axes.text(x - 0.44, low + 0.36, letter, color=color, fontsize=12)
        below = {"color": color, "ha": "center", "fontsize": 10}
        axes.text(x, low - 0.48, name, **below)
        arrow(axes, (x, 0.45), (x, low - 0.62), ROWS_INK)
    arrow(axes, (1.5, low + 0.24), (1.5, belt - 0.21), GATES[0][4])
    arrow(axes, (2.9, low + 0.24), (3.36, 2.74), GATES[1][4])
    arrow(axes, (4.1, low + 0.24), (3.64, 2.74), GATES[1][4])
    arrow(axes, (3.5, 3.11), (3.5, belt - 0.21), GATES[1][4])
    arrow(axes, (5.6, low + 0.24), (6.22, 2.49), GATES[3][4])
    arrow(axes, (6.4, belt), (6.4, 3.57), CELL_COLOR)
    arrow(axes, (6.4, 3.13), (6.4, 2.81), CELL_COLOR)
    arrow(axes, (6.61, 2.6), (7.5, 2.6), GATES[3][4])
    axes.text(7.5, 2.72, "h[t]", color=GATES[3][4], fontsize=12, ha="right")
    axes.plot([-0.2, 5.6], [0.45, 0.45], color=ROWS_INK, lw=1.6)
    rows = "$W_x x[t] + b_x + W_h h[t-1] + b_h$"
    axes.text(-0.2, 0.1, rows, fontsize=12)
    axes.set(xlim=(-0.35, 7.65), ylim=(-0.05, 4.6))
    axes.set_aspect("equal")
    axes.axis("off")
    return figure
