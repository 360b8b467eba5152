"""Drawing: the kernel that depthwise and pointwise make together."""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from examples.modules.separable_convolution import product_kernel

INPUTS, OUTPUTS = 4, 5


def draw_tiles(axes: Axes, kernels: Tensor, title: str) -> None:
    """Kernels (o, c, kh, kw), one row an output, one column an input.

    Every 3 × 3 tile has its own scale of color, so that patterns compare.
    """
    o, c, kh, kw = kernels.shape
    overall = float(kernels.abs().max())
    for i in range(o):
        for j in range(c):
            x, y = 1.15 * j, 1.15 * i
            own = float(kernels[i, j].abs().max())
            limit = own if kh * kw > 1 else overall
            axes.imshow(
                kernels[i, j],
                cmap="RdBu",
                vmin=-limit,
                vmax=limit,
                extent=(x, x + 1, y + 1, y),
            )
            step_x, step_y = 1 / kw, 1 / kh
            line = {"color": "#757b84", "linewidth": 0.5}
            for k in range(kw + 1):
                axes.plot([x + k * step_x] * 2, [y, y + 1], **line)
            for k in range(kh + 1):
                axes.plot([x, x + 1], [y + k * step_y] * 2, **line)
    axes.set(xlim=(-0.6, 1.15 * c), ylim=(1.15 * o, -0.6))
    axes.text(-0.35, 1.15 * o / 2, "outputs" if o > 1 else "", rotation=90)
    axes.texts[-1].set(va="center", ha="center")
    axes.text(1.15 * c / 2, -0.15, "input channels", ha="center")
    axes.set_title(title)
    axes.axis("off")


def product_figure() -> Figure:
    random = torch.Generator().manual_seed(1)
    depth = torch.randn(INPUTS, 1, 3, 3, generator=random)
    point = torch.randn(OUTPUTS, INPUTS, generator=random)
    full = torch.randn(OUTPUTS, INPUTS, 3, 3, generator=random)
    figure = Figure(figsize=(6.4, 6.6), layout="constrained")
    panels = figure.subplots(2, 2)
    d = depth.transpose(0, 1)  # (1, c, 3, 3)
    draw_tiles(panels[0, 0], d, "depthwise, 36 weights")
    p = point[..., None, None]  # (o, c, 1, 1)
    draw_tiles(panels[0, 1], p, "pointwise, 20 weights")
    product = product_kernel(depth, point, INPUTS)
    draw_tiles(panels[1, 0], product, "their product")
    draw_tiles(panels[1, 1], full, "a full kernel, 180 weights")
    return figure
