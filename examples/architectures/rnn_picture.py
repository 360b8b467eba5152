"""One cell, unrolled: the same weights at every step, and the way back.

Nothing here computes; the boxes and arrows are the recurrence of rnn.py and
the factors of its backward loop.
"""

from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

INK = "#757b84"
BLUE = "#3b82f6"
GREEN = "#1f9d6b"
RED = "#e5484d"


def box(axes: Axes, x: float, y: float, text: str, color: str) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (x - 0.42, y - 0.3),
            0.84,
            0.6,
            boxstyle="round,pad=0.02,rounding_size=0.12",
            facecolor="none",
            edgecolor=color,
            linewidth=1.8,
        )
    )
    middle = {"ha": "center", "va": "center", "color": color}
    axes.text(x, y, text, fontsize=11, **middle)


def arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    color: str = INK,
    bend: float = 0.0,
) -> None:
    axes.annotate(
        "",
        end,
        start,
        arrowprops={
            "arrowstyle": "-|>",
            "color": color,
            "lw": 1.6,
            "shrinkA": 0,
            "shrinkB": 0,
            "connectionstyle": f"arc3,rad={bend}",
        },
    )


def unrolled_figure() -> Figure:
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.subplots()
    names = ("h[0]", "h[1]", "h[2]", "…", "h[T]")
    places = [1.6 * k for k in range(len(names))]
    for x, name in zip(places, names, strict=True):
        if name == "…":
            axes.text(x, 2.0, "…", ha="center", va="center", fontsize=16)
        else:
            box(axes, x, 2.0, name, INK if name == "h[0]" else BLUE)
        if name not in {"h[0]", "…"}:
            box(axes, x, 0.5, name.replace("h", "x"), GREEN)
            arrow(axes, (x, 0.84), (x, 1.66), GREEN)
            axes.text(x + 0.08, 1.22, "$W_x$", color=GREEN, fontsize=10)
    for left, right in pairwise(places):
        arrow(axes, (left + 0.46, 2.0), (right - 0.46, 2.0), BLUE)
        middle = (left + right) / 2
        axes.text(middle, 2.12, "$W_h$", color=BLUE, ha="center")
        arrow(axes, (right - 0.2, 2.38), (left + 0.2, 2.38), RED, 0.35)
    box(axes, places[-1], 3.5, "loss", RED)
    arrow(axes, (places[-1], 3.16), (places[-1], 2.36), RED)
    axes.text(
        2.2 * 1.6,
        3.25,
        r"backward: each arc is a factor $W_h^\top \mathrm{diag}(1-h^2)$",
        color=RED,
        ha="center",
        fontsize=11,
    )
    axes.set(xlim=(-0.6, 7.1), ylim=(0.05, 3.95))
    axes.set_aspect("equal")
    axes.axis("off")
    return figure
