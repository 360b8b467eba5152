"""Which inputs one output sees, in five kinds of convolution.

Nothing is colored by hand: one output is differentiated by every input, and
the cells with a gradient are filled.

Shapes: x (1, 6, 7, 7), reach (6, 7, 7).
"""

import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor, nn

from examples.modules.convolution import Convolution

CHANNELS, SIZE, AT = 6, 7, 3
COLORS = ("#3b82f6", "#ea7a17", "#1f9d6b", "#a35fe0", "#0e9aa7")
INK = "#757b84"


# --8<-- [start:kinds]
def kinds(c: int) -> dict[str, Convolution]:
    return {
        "3 × 3": Convolution(c, c, 3, padding=1),
        "1 × 1": Convolution(c, c, 1),
        "atrous, dilation 2": Convolution(c, c, 3, padding=2, dilation=2),
        "2 groups": Convolution(c, c, 3, padding=1, groups=2),
        "depthwise": Convolution(c, c, 3, padding=1, groups=c),
    }


def reach(layer: nn.Module, x: Tensor, at: tuple[int, int, int]) -> Tensor:
    """True for every input (c, h, w) that takes part in one output."""
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(layer(x)[0, *at], x)
    return gradient[0] != 0


# --8<-- [end:kinds]
def reach_figure() -> Figure:
    torch.manual_seed(0)
    x = torch.randn(1, CHANNELS, SIZE, SIZE)
    figure = Figure(figsize=(6.2, 6.6), layout="constrained")
    layers = kinds(CHANNELS)
    strips = list(figure.subfigures(len(layers), 1))
    for strip, (name, layer), color in zip(
        strips, layers.items(), COLORS, strict=True
    ):
        seen = reach(layer, x, (1, AT, AT))
        for channel, axes in enumerate(strip.subplots(1, CHANNELS)):
            for i, j in seen[channel].nonzero().tolist():
                axes.add_patch(Rectangle((j, i), 1, 1, color=color))
            edges = range(SIZE + 1)
            axes.hlines(edges, 0, SIZE, color=INK, linewidth=0.5)
            axes.vlines(edges, 0, SIZE, color=INK, linewidth=0.5)
            axes.set(aspect="equal", xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
        strip.suptitle(
            f"{name}: {int(seen.sum())} inputs of one output, "
            f"{layer.weight.numel()} weights in all",
            fontsize=11,
            color=color,
        )
    for channel, axes in enumerate(strips[-1].axes):
        axes.set_xlabel(f"channel {channel}")
    return figure
