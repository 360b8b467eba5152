"""Drawing: an encoder layer and a decoder layer with post-norm, 2017."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

INK = "#757b84"
BLUE, ORANGE, GREEN, VIOLET = "#3b82f6", "#ea7a17", "#1f9d6b", "#a35fe0"
READER = ("embedding\n+ positions", "self-attention", "FFN")
WRITER = (
    "embedding\n+ positions",
    "self-attention,\ncausal mask",
    "attention to\nthe memory",
    "FFN",
    "logits = x Eᵀ",
)
COLORS = {"embe": VIOLET, "logi": VIOLET, "FFN": ORANGE}


def block(axes: Axes, x: float, y: float, text: str, color: str) -> None:
    height = 0.86 if "\n" in text else 0.62
    patch = FancyBboxPatch(
        (x - 1.3, y - height / 2),
        2.6,
        height,
        boxstyle="round,pad=0.04",
        facecolor=color,
        edgecolor=color,
        alpha=0.2,
    )
    axes.add_patch(patch)
    axes.text(x, y, text, ha="center", va="center", size=9)


def line(axes: Axes, points: list[tuple], color: str, width: float) -> None:
    *before, corner, end = points
    xs, ys = zip(*before, corner, strict=True)
    axes.plot(xs, ys, color=color, lw=width, solid_capstyle="round")
    style = {"arrowstyle": "-|>", "color": color, "lw": width}
    axes.annotate("", end, corner, arrowprops=style | {"shrinkA": 0})


def column(axes: Axes, x: float, parts: tuple, side: int) -> list[float]:
    """Parts from the bottom up; where each of them has its middle."""
    y, middles = 0.0, []
    for part in parts:
        color = COLORS.get(part[:4].rstrip(","), BLUE)
        middles.append(y)
        block(axes, x, y, part, color)
        if color in (BLUE, ORANGE):  # a sublayer and its residual
            block(axes, x, y + 1.0, "add, LN", GREEN)
            line(axes, [(x, y + 0.4), (x, y + 0.68)], INK, 1.4)
            out = x + side * 1.75
            around = [(x, y - 0.68), (out, y - 0.68), (out, y + 1.0)]
            line(axes, [*around, (x + side * 1.3, y + 1.0)], GREEN, 2.0)
            y += 1.0
        if part is not parts[-1]:
            gap = 0.2 if color == VIOLET or part == "FFN" else 0.0
            line(axes, [(x, y + 0.33), (x, y + 0.97 + gap)], INK, 1.4)
            y += gap
        y += 1.42
    return middles


def architecture_figure() -> Figure:
    figure = Figure(figsize=(6.4, 6.6), layout="constrained")
    axes = figure.subplots()
    left, right = 0.0, 5.4
    read = column(axes, left, READER, -1)
    write = column(axes, right, WRITER, 1)
    top = read[-1] + 1.0
    for x, word in ((left, "source, all of it"), (right, "target so far")):
        line(axes, [(x, -1.1), (x, -0.47)], INK, 1.4)
        axes.text(x, -1.2, word, ha="center", va="top")
    high = write[-1] + 0.33
    line(axes, [(right, high), (right, high + 0.6)], INK, 1.4)
    axes.text(right, high + 0.7, "next token", ha="center")
    out = [(left, top + 0.33), (left, top + 0.85), (2.7, top + 0.85)]
    cross = write[2]
    line(axes, [*out, (2.7, cross), (right - 1.38, cross)], VIOLET, 2.0)
    axes.text(1.35, top + 0.98, "memory", ha="center", color=VIOLET)
    spans = ((left, -1, read[1], top), (right, 1, write[1], write[3] + 1))
    for x, side, first, last in spans:
        corner = (x - 2.0 + 0.25 * side, first - 0.84)
        frame = FancyBboxPatch(
            corner,
            4.0,
            last - first + 1.3,
            boxstyle="round,pad=0.05",
            fill=False,
            edgecolor=INK,
            linestyle=":",
        )
        axes.add_patch(frame)
        place = (x + 2.62 * side, (first + last) / 2)
        axes.text(*place, "6 ×", ha="center", va="center", size=11)
    axes.set(xlim=(-3.0, 8.4), ylim=(-1.7, high + 1.2), aspect="equal")
    axes.axis("off")
    return figure
