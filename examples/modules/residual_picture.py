"""Drawing: three blocks, layer by layer, with the path that skips them."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch

INK = "#757b84"
BLUE, ORANGE, GREEN = "#3b82f6", "#ea7a17", "#1f9d6b"
BLOCKS = {
    "basic": ("3×3", "BN", "ReLU", "3×3", "BN", "+", "ReLU"),
    "bottleneck": (
        "1×1, c → c/4",
        "BN, ReLU",
        "3×3",
        "BN, ReLU",
        "1×1, c/4 → c",
        "BN",
        "+",
        "ReLU",
    ),
    "pre-activation": ("BN", "ReLU", "3×3", "BN", "ReLU", "3×3", "+"),
}


def arrow(axes: Axes, start: tuple, end: tuple, color: str) -> None:
    style = {"arrowstyle": "-|>", "color": color, "linewidth": 1.6}
    axes.annotate("", end, start, arrowprops=style | {"shrinkA": 0})


def draw_block(axes: Axes, layers: tuple[str, ...]) -> None:
    """Layers from top to bottom; the shortcut leaves above the first."""
    height = 11.0
    step = height / len(layers)
    entry, y = height + 1.2, height
    arrow(axes, (0, entry + 0.5), (0, y - 0.1), INK)
    for i, layer in enumerate(layers):
        middle = y - step / 2
        if layer == "+":
            arrow(axes, (2.3, middle), (0.5, middle), GREEN)
            axes.plot([0, 2.3], [entry] * 2, color=GREEN, lw=2.4)
            axes.plot([2.3] * 2, [middle, entry], color=GREEN, lw=2.4)
            axes.add_patch(Circle((0, middle), 0.5, fill=False, ec=GREEN))
            axes.text(0, middle, "+", ha="center", va="center", size=14)
        else:
            color = BLUE if "×" in layer else ORANGE
            box = FancyBboxPatch(
                (-1.6, middle - 0.42),
                3.2,
                0.84,
                boxstyle="round,pad=0.04",
                facecolor=color,
                edgecolor=color,
                alpha=0.2,
            )
            axes.add_patch(box)
            axes.text(0, middle, layer, ha="center", va="center", size=9)
        if i + 1 < len(layers):
            gap = 0.5 if layer == "+" else 0.46
            below = middle - step + (0.5 if layers[i + 1] == "+" else 0.46)
            arrow(axes, (0, middle - gap), (0, below), INK)
        y -= step
    arrow(axes, (0, step / 2 - 0.5), (0, -0.9), INK)
    axes.set(xlim=(-2.0, 2.7), ylim=(-1.0, height + 1.9))
    axes.axis("off")


def blocks_figure() -> Figure:
    figure = Figure(figsize=(6.4, 5.0), layout="constrained")
    for axes, (name, layers) in zip(
        figure.subplots(1, 3), BLOCKS.items(), strict=True
    ):
        draw_block(axes, layers)
        axes.set_title(name)
    return figure
