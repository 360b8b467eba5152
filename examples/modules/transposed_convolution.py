"""Transposed convolution: the matrix of a convolution, transposed.

    convolution  y = M x      transposed  x' = M^T y

It gives back the shape that the convolution had been fed, not the values.
Every input pixel stamps the kernel, times its own value, into the output,
and where stamps overlap they add up. Dumoulin and Visin, 2016,
arxiv.org/abs/1603.07285.

Shapes: y (b, o, h', w') goes in, weight (o, c / g, kh, kw) is that of the
convolution, x' (b, c, h, w) comes out. Raises ValueError when channels or
groups do not fit, output_padding reaches the stride (torch would also take
it up to the dilation), or padding leaves nothing of the output.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.modules.convolution import output_size, taps


# --8<-- [start:size]
def transposed_size(
    size: int,
    kernel: int,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    dilation: int = 1,
) -> int:
    """The input size of the convolution that is transposed."""
    if not 0 <= output_padding < stride:
        raise ValueError(
            f"output_padding is {output_padding}; it must be 0 or more and "
            f"less than the stride, {stride}"
        )
    span = dilation * (kernel - 1) + 1
    size = stride * (size - 1) + span - 2 * padding + output_padding
    if size < 1:
        raise ValueError(
            f"padding is {padding}; it leaves {size} pixels of the output"
        )
    return size


# --8<-- [end:size]
def check_input(y: Tensor, weight: Tensor, groups: int) -> None:
    if y.dim() != 4 or weight.dim() != 4 or y.shape[1] != len(weight):
        shape = tuple(y.shape)
        raise ValueError(f"y is {shape}, not (b, {len(weight)}, h, w)")
    if groups < 1 or len(weight) % groups:
        raise ValueError(
            f"groups is {groups}; it must divide the {len(weight)} channels"
        )


# --8<-- [start:stamp]
def transposed_convolve(
    y: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> Tensor:
    check_input(y, weight, groups)
    h, w = (
        transposed_size(n, k, stride, padding, output_padding, dilation)
        + 2 * padding  # cut off at the end
        for n, k in zip(y.shape[2:], weight.shape[2:], strict=True)
    )
    y = y.unflatten(1, (groups, -1))  # (b, g, o / g, h', w')
    kernels = weight.unflatten(0, (groups, -1))  # (g, o / g, c / g, kh, kw)
    x = y.new_zeros(len(y), groups, weight.shape[1], h, w)
    for (u, v), sent in taps(x, *weight.shape[2:], stride, dilation):
        # a view of x: what is added to it is added to x
        sent += torch.einsum("bgohw,goc->bgchw", y, kernels[..., u, v])
    x = x.flatten(1, 2)[..., padding : h - padding, padding : w - padding]
    return x if bias is None else x + bias[:, None, None]


# --8<-- [end:stamp]
# --8<-- [start:module]
class TransposedConvolution(nn.Module):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        output_padding: int = 0,
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
        shape = (in_channels, out_channels // groups, *[kernel_size] * 2)
        limit = (shape[1] * kernel_size**2) ** -0.5  # as torch has it
        weight = torch.empty(shape).uniform_(-limit, limit)
        self.weight = nn.Parameter(weight)
        self.bias = (
            nn.Parameter(torch.empty(out_channels).uniform_(-limit, limit))
            if bias
            else None
        )
        self.settings = (stride, padding, output_padding, dilation, groups)

    def forward(self, y: Tensor) -> Tensor:  # (b, in, h', w')
        parameters = (self.weight, self.bias)
        return transposed_convolve(y, *parameters, *self.settings)


# --8<-- [end:module]
# --8<-- [start:demo]
def main() -> None:
    print("kernel 3, stride 2, padding 1")
    for size in (7, 8):
        half = output_size(size, 3, 2, 1)
        backs = [transposed_size(half, 3, 2, 1, extra) for extra in (0, 1)]
        print(f"{size} to {half}, back to {backs[0]};", end=" ")
        print(f"output_padding 1: {backs[1]}")

    row = torch.tensor([[[[1.0, 10, 100]]]])
    kernel = torch.tensor([[[[1.0, 2, 3]]]])
    stamped = transposed_convolve(row, kernel, stride=2)
    print("1 10 100 stamped with 1 2 3, stride 2:", end=" ")
    print(*stamped.flatten().int().tolist())

    torch.manual_seed(0)
    y = torch.randn(2, 6, 5, 4, dtype=torch.float64)
    up = TransposedConvolution(6, 4, 3, 2, 1, 1, groups=2).double()
    *geometry, dilation, groups = up.settings
    theirs = F.conv_transpose2d(
        y, up.weight, up.bias, *geometry, groups, dilation
    )
    equal = torch.allclose(up(y), theirs, rtol=0, atol=1e-12)
    print(f"{tuple(y.shape)} to {tuple(up(y).shape)}", end=", ")
    print(f"equal to torch: {equal}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
