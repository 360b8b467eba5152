"""Drawing: five branches of one map, concatenated and projected."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

INK = "#757b84"
BRANCHES = (
    ("1 × 1", "#e5484d"),
    ("3 × 3, rate 6", "#3b82f6"),
    ("3 × 3, rate 12", "#ea7a17"),
    ("3 × 3, rate 18", "#1f9d6b"),
    ("mean, 1 × 1, upsample", "#a35fe0"),
)
ARROW = {"arrowprops": {"arrowstyle": "->", "color": INK}}


def box(
    axes: Axes,
    center: tuple[float, float],
    size: tuple[float, float],
    text: str,
    color: str,
) -> None:
    (x, y), (w, h) = center, size
    corner = (x - w / 2, y - h / 2)
    style = {"boxstyle": "round,pad=0,rounding_size=0.12"}
    patch = FancyBboxPatch(corner, w, h, fc=color + "30", ec=color, **style)
    axes.add_patch(patch)
    look = {"ha": "center", "va": "center", "color": INK, "fontsize": 10}
    axes.text(x, y, text, **look)


def modules_figure() -> Figure:
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axes = figure.subplots()
    box(axes, (0.4, 2.6), (1.5, 1.9), "features\nc × h × w", INK)
    for i, (name, color) in enumerate(BRANCHES):
        y = 4.6 - i
        box(axes, (3.5, y), (3.2, 0.7), name, color)
        axes.annotate("", (1.85, y), (1.2, 2.6 + (y - 2.6) / 4), **ARROW)
        axes.annotate("", (5.65, y), (5.15, y), **ARROW)
        cell = (y - 0.5, y + 0.5)
        axes.fill_between([5.7, 6.3], *cell, color=color, alpha=0.45, lw=0)
    axes.text(6.0, 5.35, "concatenated", ha="center", color=INK)
    axes.text(6.0, -0.2, "5 × o", ha="center", color=INK)
    axes.annotate("", (7.0, 2.6), (6.35, 2.6), **ARROW)
    box(axes, (7.75, 2.6), (1.4, 1.3), "1 × 1,\ndropout", INK)
    axes.annotate("", (9.1, 2.6), (8.5, 2.6), **ARROW)
    axes.text(9.2, 2.6, "o × h × w", va="center", color=INK)
    note = "each branch and the projection: convolution, BN, ReLU"
    axes.text(4.9, -0.75, note, ha="center", color=INK, fontsize=10)
    axes.set(xlim=(-0.45, 10.6), ylim=(-0.9, 5.7))
    axes.axis("off")
    return figure
