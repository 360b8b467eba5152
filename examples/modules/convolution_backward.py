"""The gradients of a convolution by hand.

    dw[o, c, u, v]  = sum over b, i, j of dy[b, o, i, j] * x[b, c, i', j']
    dx[b, c, i', j'] += sum over o of weight[o, c, u, v] * dy[b, o, i, j]
    db[o]           = sum over b, i, j of dy[b, o, i, j]
    i' = stride i + dilation u - padding,  j' likewise

The weight collects from every position, because every position used it;
an input pixel collects from every window that covered it. LeCun et al.,
1989, doi.org/10.1162/neco.1989.1.4.541.

Shapes as in ``convolve``; dy (b, o, h', w'). Raises ValueError when dy does
not have the shape of the output.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from examples.modules.convolution import output_size, taps


# --8<-- [start:backward]
def convolve_backward(
    dy: Tensor,
    x: Tensor,
    weight: Tensor,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of x, weight and bias from that of y, dy."""
    size = (*weight.shape[2:], stride, dilation)
    shape = [len(x), len(weight)] + [
        output_size(n, k, stride, padding, dilation)
        for n, k in zip(x.shape[2:], weight.shape[2:], strict=True)
    ]
    if list(dy.shape) != shape:
        raise ValueError(f"dy is {tuple(dy.shape)}, not {tuple(shape)}")
    padded = F.pad(x, [padding] * 4).unflatten(1, (groups, -1))
    kernels = weight.unflatten(0, (groups, -1))
    dy = dy.unflatten(1, (groups, -1))  # (b, g, o / g, h', w')
    dx, dw = torch.zeros_like(padded), torch.zeros_like(kernels)
    for (u, v), seen in taps(padded, *size):
        dw[..., u, v] = torch.einsum("bgohw,bgchw->goc", dy, seen)
    for (u, v), sent in taps(dx, *size):  # views of dx: added in place
        sent += torch.einsum("bgohw,goc->bgchw", dy, kernels[..., u, v])
    h, w = x.shape[2:]
    inside = dx.flatten(1, 2)[..., padding:, padding:][..., :h, :w]
    return inside, dw.flatten(0, 1), dy.sum((0, 3, 4)).flatten()


# --8<-- [end:backward]
