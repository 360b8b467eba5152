"""Drawing: where a gate stands in a residual block, and what is in it."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse, FancyBboxPatch

from examples.modules.residual_picture import arrow

INK = "#757b84"
BLUE, ORANGE, GREEN = "#3b82f6", "#ea7a17", "#1f9d6b"
HEIGHTS = {  # of every column: what stands at which height
    "residual block": {
        8.6: "3×3, BN, ReLU",
        6.9: "3×3, BN",
        5.2: "gate",
        3.4: "+",
        1.8: "ReLU",
    },
    "SE": {
        8.6: "mean over h, w",
        7.2: "linear c → c/r",
        5.9: "ReLU",
        4.6: "linear c/r → c",
        3.3: "sigmoid",
        1.8: "×",
    },
    "CBAM: channel": {
        8.6: ("mean h, w", "max h, w"),
        6.9: "one MLP for both",
        5.2: "sum",
        3.5: "sigmoid",
        1.8: "×",
    },
    "CBAM: spatial": {
        8.6: ("mean c", "max c"),
        6.9: "7×7, 2 → 1",
        5.2: "BN",
        3.5: "sigmoid",
        1.8: "×",
    },
}
SHAPES = {  # what flows below a box
    "SE": {8.6: "c", 7.2: "c/r", 4.6: "c"},
    "CBAM: channel": {8.6: "c each", 6.9: "c each", 5.2: "c"},
    "CBAM: spatial": {8.6: "h × w each", 6.9: "h × w"},
}
ENTRY, EXIT, SIDE = 10.0, 0.4, 1.62


def draw_box(
    axes: Axes,
    x: float,
    y: float,
    text: str,
    width: float,
) -> None:
    color = BLUE if text[0] in "31lo7" else ORANGE
    color = GREEN if text == "gate" else color
    axes.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - 0.36),
            width,
            0.72,
            boxstyle="round,pad=0.04",
            facecolor=color,
            edgecolor=color,
            alpha=0.2,
        )
    )
    axes.text(x, y, text, ha="center", va="center", size=7.5)


def draw_sign(axes: Axes, y: float, sign: str) -> None:
    """The sign, and the line that brings it the input of the column."""
    color = GREEN if sign == "+" else BLUE
    axes.add_patch(Ellipse((0, y), 0.58, 0.8, fill=False, ec=color))
    axes.text(0, y, sign, ha="center", va="center", size=12)
    axes.plot([0, SIDE], [ENTRY] * 2, color=color, lw=2.2)
    axes.plot([SIDE] * 2, [y, ENTRY], color=color, lw=2.2)
    arrow(axes, (SIDE, y), (0.3, y), color)


def draw_column(axes: Axes, title: str) -> None:
    parts = HEIGHTS[title]
    above = ENTRY
    for y, part in parts.items():
        arrow(axes, (0, above), (0, y + 0.4), INK)
        if part in ("+", "×"):
            draw_sign(axes, y, part)
        elif isinstance(part, tuple):
            for x, text in zip((-0.72, 0.72), part, strict=True):
                draw_box(axes, x, y, text, 1.2)
        else:
            draw_box(axes, 0, y, part, 2.5)
        shape = SHAPES.get(title, {}).get(y)
        if shape:
            place = (0.12, y - 0.66)
            axes.text(*place, shape, color=INK, size=7.5, va="center")
        above = y - 0.4
    arrow(axes, (0, above), (0, EXIT), INK)
    axes.text(0, ENTRY + 0.25, "x", ha="center", va="bottom")
    axes.text(0, EXIT - 0.1, "y", ha="center", va="top")
    axes.set(xlim=(-1.45, 1.8), ylim=(-0.3, 10.9))
    axes.set_title(title, size=9.5)
    axes.axis("off")


def gates_figure() -> Figure:
    figure = Figure(figsize=(6.4, 4.3), layout="constrained")
    for axes, title in zip(figure.subplots(1, 4), HEIGHTS, strict=True):
        draw_column(axes, title)
    return figure
