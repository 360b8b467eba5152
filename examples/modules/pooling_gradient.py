"""Where the gradient goes, drawn from autograd.

The sum of all outputs is differentiated by every input. The orange number
of a cell is that gradient, the gray one in its corner the input.
"""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor, nn

from examples.modules.pooling import AvgPool, MaxPool
from examples.modules.pooling_adaptive import AdaptiveAvgPool

INK = "#757b84"  # the mid-gray of all labels


# --8<-- [start:routed]
def routed(pool: nn.Module, x: Tensor) -> Tensor:
    """The gradient of the sum of all outputs by every input."""
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(pool(x).sum(), x)
    return gradient


class SharedMax(nn.Module):
    """MaxPool(2) by ``amax``: equal maxima share the gradient."""

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w), h and w even
        rows = x.unfold(2, 2, 2)
        return rows.unfold(3, 2, 2).amax(dim=(-2, -1))


# --8<-- [end:routed]
def draw(axes: Axes, x: Tensor, gradient: Tensor) -> None:
    h, w = x.shape
    for y in range(h):
        for z in range(w):
            share = gradient[y, z].item()
            fill = {"facecolor": "#ea7a17", "alpha": min(share / 4, 0.4)}
            axes.add_patch(Rectangle((z, y), 1, 1, **fill))
            cell = Rectangle((z, y), 1, 1, fill=False, edgecolor=INK)
            axes.add_patch(cell)
            axes.text(z + 0.06, y + 0.3, f"{x[y, z]:g}", fontsize=9)
            if share:
                look = {"color": "#ea7a17", "fontsize": 12, "ha": "center"}
                text = f"{share:.2g}".removeprefix("0")
                axes.text(z + 0.5, y + 0.78, text, weight="bold", **look)
    axes.set(xlim=(-0.05, w + 0.05), ylim=(h + 0.05, -0.05), aspect="equal")
    axes.axis("off")


def gradient_figure() -> Figure:
    random = torch.Generator().manual_seed(4)
    mixed = torch.randperm(25, generator=random).view(1, 1, 5, 5).float()
    even, flat = mixed[..., :4, :4], torch.full((1, 1, 4, 4), 7.0)
    panels = {
        "max, kernel 2": (MaxPool(2), even),
        "average, kernel 2": (AvgPool(2), even),
        "max, kernel 3, stride 2": (MaxPool(3, 2), mixed),
        "average, kernel 3, stride 2": (AvgPool(3, 2), mixed),
        "max, 5 pixels, kernel 2": (MaxPool(2), mixed),
        "adaptive average, 4 → 3": (AdaptiveAvgPool(3), even),
        "max, all equal: the first": (MaxPool(2), flat),
        "amax, all equal: shared": (SharedMax(), flat),
    }
    figure = Figure(figsize=(6.4, 11.2), layout="constrained")
    places = figure.subplots(4, 2).flat
    for axes, (name, (pool, x)) in zip(places, panels.items(), strict=True):
        draw(axes, x[0, 0], routed(pool, x)[0, 0])
        axes.set_title(name)
    return figure
