"""Bilinear upsampling is a transposed convolution with a tent for a kernel.

Kernel 2 s - s mod 2, stride s, padding (kernel - s) / 2, one group a
channel: the initialization of the upsampling layers of FCN,
arxiv.org/abs/1411.4038. It equals F.interpolate with align_corners=False
away from the border, and everywhere if the input's border is repeated.

Shapes: weight (c, 1, k, k), y (b, c, h, w), result (b, c, s h, s w).
Raises ValueError for a scale below 1.
"""

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor

from examples.modules.transposed_convolution import transposed_convolve

INK, BLUE, ORANGE = "#757b84", "#3b82f6", "#ea7a17"


# --8<-- [start:bilinear]
def bilinear_kernel(scale: int, channels: int = 1) -> Tensor:
    if scale < 1:
        raise ValueError(f"scale is {scale}; it must be 1 or more")
    size = 2 * scale - scale % 2
    offset = torch.arange(size).double() - (size - 1) / 2
    tent = 1 - offset.abs() / scale
    return torch.outer(tent, tent).expand(channels, 1, -1, -1).clone()


def upsample(y: Tensor, scale: int, repeat_border: bool = False) -> Tensor:
    channels = y.shape[1]
    weight = bilinear_kernel(scale, channels).to(y)
    padding = (weight.shape[-1] - scale) // 2
    if repeat_border:  # one more pixel on each side, cut off again
        y = F.pad(y, [1] * 4, mode="replicate")
        padding += scale
    return transposed_convolve(
        y, weight, stride=scale, padding=padding, groups=channels
    )


# --8<-- [end:bilinear]
def tents_figure() -> Figure:
    row = torch.tensor([2.0, 3, 1, 2.5, 2])
    scale, size = 4, 8
    tent = bilinear_kernel(scale)[0, 0].sum(0).float()
    tent = tent / tent.max() * (1 - 1 / (2 * scale))
    x = transposed_convolve(
        row[None, None, None], tent[None, None, None], stride=scale
    ).flatten()
    figure = Figure(figsize=(6.2, 3.2), layout="constrained")
    axes = figure.subplots()
    for i, value in enumerate(row):
        at = torch.arange(size) + scale * i
        axes.plot(at, value * tent, color=ORANGE, linewidth=1.2)
        axes.vlines(at, 0, value * tent, color=ORANGE, alpha=0.35, lw=1)
    axes.plot(x, "o", ms=4, color=BLUE, label="sum of the tents")
    axes.plot([], color=ORANGE, label="one tent an input pixel")
    middles = [scale * i + (size - 1) / 2 for i in range(len(row))]
    axes.plot(middles, row, color=INK, label="linear interpolation")
    axes.set(xlabel="output pixel, padding not yet cut", ylim=(0, 4.4))
    axes.legend(ncols=2, loc="upper center")
    return figure


def main() -> None:
    torch.manual_seed(0)
    y = torch.randn(1, 3, 6, 7, dtype=torch.float64)
    print("pixels that differ from F.interpolate, bilinear")
    for scale in (2, 3, 4, 8):
        exact = F.interpolate(y, scale_factor=scale, mode="bilinear")
        counts = [
            int(((upsample(y, scale, repeat) - exact).abs() > 1e-12).sum())
            for repeat in (False, True)
        ]
        edge = exact[..., scale // 2 : -(scale // 2), :]
        inside = edge[..., scale // 2 : -(scale // 2)].numel()
        kernel = bilinear_kernel(scale).shape[-1]
        print(f"scale {scale}, kernel {kernel:>2}: {counts[0]:>5}", end="")
        print(f" = {exact.numel()} - {inside}", end="")
        print(f"; border repeated: {counts[1]}")


if __name__ == "__main__":
    main()
