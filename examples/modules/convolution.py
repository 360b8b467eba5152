"""Convolution: one small weighted sum, the same at every position.

    y[o, i, j] = bias[o]
        + sum over c, u, v of weight[o, c, u, v] * x[c, i', j']
    i' = stride i + dilation u - padding,  j' likewise,  x is 0 outside

With g groups an output channel sums over the c / g channels of its own
group only. Backpropagation through such layers: LeCun et al., 1989,
doi.org/10.1162/neco.1989.1.4.541.

Shapes: x (b, c, h, w), weight (o, c / g, kh, kw), bias (o,); stride,
padding and dilation are whole numbers, in pixels, the same for both axes.
Raises ValueError when channels or groups do not fit, a size is not
positive, or the kernel is larger than the padded input.
"""

from collections.abc import Iterator
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor, nn


# --8<-- [start:output_size]
def output_size(
    size: int,
    kernel: int,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
) -> int:
    """How many positions a kernel has along one axis."""
    for name, value, least in (
        ("stride", stride, 1),
        ("padding", padding, 0),
        ("dilation", dilation, 1),
    ):
        if value < least:
            raise ValueError(f"{name} is {value}; least is {least}")
    span = dilation * (kernel - 1) + 1  # first to last tap
    if size + 2 * padding < span:
        raise ValueError(
            f"kernel spans {span} pixels; the padded input has only "
            f"{size + 2 * padding}"
        )
    return (size + 2 * padding - span) // stride + 1


# --8<-- [end:output_size]
def check(x: Tensor, weight: Tensor, groups: int) -> None:
    if weight.dim() != 4 or groups < 1 or len(weight) % groups:
        raise ValueError(
            f"groups is {groups}; it must divide the {len(weight)} output "
            "channels"
        )
    channels = weight.shape[1] * groups
    if x.dim() != 4 or x.shape[1] != channels:
        shape = tuple(x.shape)
        raise ValueError(f"x is {shape}, not (b, {channels}, h, w)")


# --8<-- [start:taps]
def taps(
    padded: Tensor, kh: int, kw: int, stride: int, dilation: int
) -> Iterator[tuple[tuple[int, int], Tensor]]:
    """For each tap (u, v) a view: what it meets at every position."""
    h = output_size(padded.shape[-2], kh, stride, 0, dilation)
    w = output_size(padded.shape[-1], kw, stride, 0, dilation)
    for u, v in product(range(kh), range(kw)):
        top, left = dilation * u, dilation * v
        rows = slice(top, top + stride * (h - 1) + 1, stride)
        columns = slice(left, left + stride * (w - 1) + 1, stride)
        yield (u, v), padded[..., rows, columns]  # (..., h', w')


def convolve(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> Tensor:
    check(x, weight, groups)
    padded = F.pad(x, [padding] * 4).unflatten(1, (groups, -1))
    kernels = weight.unflatten(0, (groups, -1))  # (g, o / g, c / g, kh, kw)
    y = torch.zeros((), dtype=x.dtype, device=x.device)
    for (u, v), seen in taps(padded, *weight.shape[2:], stride, dilation):
        y = y + torch.einsum("bgchw,goc->bgohw", seen, kernels[..., u, v])
    y = y.flatten(1, 2)  # (b, o, h', w')
    return y if bias is None else y + bias[:, None, None]


# --8<-- [end:taps]
# --8<-- [start:im2col]
def im2col(
    x: Tensor, kh: int, kw: int, stride: int, padding: int, dilation: int
) -> Tensor:
    padded = F.pad(x, [padding] * 4)
    patches = [seen for _, seen in taps(padded, kh, kw, stride, dilation)]
    return torch.stack(patches, 2).flatten(1, 2)  # (b, c kh kw, h', w')


def convolve_im2col(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> Tensor:
    check(x, weight, groups)
    patches = im2col(x, *weight.shape[2:], stride, padding, dilation)
    columns = patches.flatten(2).unflatten(1, (groups, -1))  # (b, g, p, n)
    rows = weight.flatten(1).unflatten(0, (groups, -1))  # (g, o / g, p)
    y = (rows @ columns).flatten(1, 2).unflatten(2, patches.shape[2:])
    return y if bias is None else y + bias[:, None, None]


# --8<-- [end:im2col]
# --8<-- [start:module]
class Convolution(nn.Module):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError(
                f"groups is {groups}; it must divide {in_channels} input "
                f"and {out_channels} output channels"
            )
        fan_in = in_channels // groups * kernel_size**2
        shape = (out_channels, in_channels // groups, *[kernel_size] * 2)
        limit = fan_in**-0.5  # uniform, as torch draws both
        weight = torch.empty(shape).uniform_(-limit, limit)
        self.weight = nn.Parameter(weight)
        self.bias = (
            nn.Parameter(torch.empty(out_channels).uniform_(-limit, limit))
            if bias
            else None
        )
        self.settings = (stride, padding, dilation, groups)

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        return convolve(x, self.weight, self.bias, *self.settings)


# --8<-- [end:module]
# --8<-- [start:demo]
def main() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 6, 15, 14, dtype=torch.float64)
    conv = Convolution(6, 4, 3, 2, padding=2, dilation=2, groups=2).double()
    y = conv(x)
    print("input ", tuple(x.shape), " weight", tuple(conv.weight.shape))
    print("output", tuple(y.shape), " by the formula", end=" ")
    print(output_size(15, 3, 2, 2, 2), output_size(14, 3, 2, 2, 2))
    stored = im2col(x, 3, 3, 1, padding=1, dilation=1).numel() / x.numel()
    print(f"im2col of a padded 3 × 3, stride 1: {stored:.0f} × the input")
    arguments = (x, conv.weight, conv.bias, *conv.settings)
    for name, other in (
        ("im2col", convolve_im2col(*arguments)),
        ("torch", F.conv2d(*arguments)),
    ):
        equal = torch.allclose(y, other, rtol=0, atol=1e-12)
        print(f"sum = {name:<7}{equal}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
