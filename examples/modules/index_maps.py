"""Drawing: the pixels and the channels that one output of a block reads."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from examples.modules.index_reach import SIDE, C, images, probed, reads

INK, BLUE, ORANGE = "#757b84", "#3b82f6", "#ea7a17"
PANELS = (
    *("1 × 1", "3 × 3", "3 × 3, rate 3", "3 × 3, depthwise"),
    *("separable", "basic block", "ASPP", "max pooling"),
    *("global mean", "SE", "LSTM", "self-attention"),
)


def cell(
    axes: Axes,
    corner: tuple[float, float],
    height: float,
    color: str | None,
) -> None:
    style = {"facecolor": color or INK, "alpha": 0.9 if color else 0.16}
    axes.add_patch(Rectangle(corner, 0.86, height - 0.14, **style))


def draw_reach(axes: Axes, read: Tensor) -> None:
    pixels, channels = read.any(0), read.flatten(1).any(1)
    for row in range(SIDE):
        for column in range(SIDE):
            on = bool(pixels[row, column])
            cell(axes, (column, row), 1, BLUE if on else None)
    for k in range(C):
        corner = SIDE + 1.2, k * SIDE / C
        on = bool(channels[k])
        cell(axes, corner, SIDE / C, ORANGE if on else None)


def reach_figure() -> Figure:
    figure = Figure(figsize=(6.4, 5.1), layout="constrained")
    x, blocks = images(), probed()
    for axes, name in zip(figure.subplots(3, 4).flat, PANELS, strict=True):
        draw_reach(axes, reads(blocks[name], x))
        if name != "global mean":  # the output has a place
            at = SIDE / 2 - 0.07
            wide = 1 if name != "max pooling" else 2
            frame = {"fill": False, "edgecolor": ORANGE, "linewidth": 1.8}
            axes.add_patch(Rectangle((at, at), wide, wide, **frame))
        axes.set(xlim=(-0.5, SIDE + 2.6), ylim=(SIDE + 0.4, -0.4))
        axes.set(aspect="equal")
        axes.set_title(name, size=9.5)
        axes.axis("off")
    return figure
