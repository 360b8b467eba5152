"""The gradients of a deformable convolution, by hand.

    dx~/dy = (1 - right) (lower left - upper left)
               + right (lower right - upper right),   dx~/dx likewise
    dL/d offset = mask * sum over channels of dL/d column * dx~/d(y, x)
    dL/d mask   = sum over channels of dL/d column * x~

dL/d column = weight^T dL/dy is what a plain convolution has as well. x gets
its share back through the weights that it was read with. At a whole pixel
the slope is the one to the right of it, as floor decides.

Shapes: as in ``deform_convolve``, whose arguments these are; dy has the
shape of its output.
"""

import torch
from torch import Tensor

from examples.modules.deformable_convolution import (
    addresses,
    deform_convolve,
    deformed_columns,
    in_blocks,
    neighbors,
    sample,
    sampling_points,
)


# --8<-- [start:slopes]
def slopes(x: Tensor, points: Tensor) -> Tensor:
    """How the value at each point changes with it: (b, 2, c, n)."""
    down, right = (points - points.floor())[:, None].unbind(2)
    upper_left, upper_right, lower_left, lower_right = neighbors(x, points)
    left, on_the_right = lower_left - upper_left, lower_right - upper_right
    above, below = upper_right - upper_left, lower_right - lower_left
    by_y = torch.lerp(left, on_the_right, right)
    by_x = torch.lerp(above, below, down)
    return torch.stack([by_y, by_x], 1)


def spread(dseen: Tensor, points: Tensor, h: int, w: int) -> Tensor:
    """The transpose of ``sample``: (b, c, n) added into (b, c, h, w)."""
    down, right = (points - points.floor()).unbind(1)
    shares = ((1 - down) * (1 - right), (1 - down) * right)
    shares += (down * (1 - right), down * right)
    pixels = dseen.new_zeros(*dseen.shape[:2], h * w + 1)
    for share, address in zip(shares, addresses(points, h, w), strict=True):
        to = address[:, None].expand_as(dseen)
        pixels.scatter_add_(2, to, dseen * share[:, None])
    return pixels[..., :-1].unflatten(2, (h, w))


# --8<-- [end:slopes]
# --8<-- [start:backward]
def deform_backward(
    dy: Tensor,
    x: Tensor,
    offset: Tensor,
    weight: Tensor,
    mask: Tensor,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Gradients of x, offset, weight and mask."""
    dy = dy.unflatten(1, (groups, -1))
    kernels = weight.flatten(2).unflatten(0, (groups, -1))
    kernel, settings = weight.shape[2:], (stride, padding, dilation)
    points = sampling_points(offset, kernel, *settings)
    columns = deformed_columns(x, points, mask).unflatten(1, (groups, -1))
    dweight = torch.einsum("bgohw,bgckhw->gock", dy, columns)

    blocks, at = in_blocks(x, points)  # (b q, c / q, h, w), (b q, 2, n)
    dcolumns = torch.einsum("bgohw,gock->bgckhw", dy, kernels)
    dcolumns = dcolumns.reshape(*blocks.shape[:2], -1)  # (b q, c / q, n)
    dmask = (dcolumns * sample(blocks, at)).sum(1)
    dseen = dcolumns * mask.reshape(len(blocks), 1, -1)
    doffset = (slopes(blocks, at) * dseen[:, None]).sum(2)  # (b q, 2, n)
    doffset = doffset.unflatten(2, (kernel.numel(), -1)).transpose(1, 2)
    dx = spread(dseen, at, *x.shape[2:])
    return (
        dx.reshape_as(x),
        doffset.reshape_as(offset),
        dweight.reshape_as(weight),
        dmask.reshape_as(mask),
    )


# --8<-- [end:backward]
# --8<-- [start:demo]
def main() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 4, 7, 6, dtype=torch.float64)
    offset = 2 * torch.randn(2, 2 * 2 * 9, 4, 3, dtype=torch.float64)
    weight = torch.randn(6, 2, 3, 3, dtype=torch.float64)
    mask = torch.rand(2, 2 * 9, 4, 3, dtype=torch.float64)
    given = [t.requires_grad_() for t in (x, offset, weight, mask)]
    y = deform_convolve(x, offset, weight, None, mask, 2, 1, 1, 2, 2)
    dy = torch.randn_like(y)
    theirs = torch.autograd.grad(y, given, dy)
    ours = deform_backward(dy, x, offset, weight, mask, 2, 1, 1, 2)
    names = ("x", "offset", "weight", "mask")
    for name, a, b in zip(names, ours, theirs, strict=True):
        print(f"{name:<8}{torch.allclose(a, b, rtol=0, atol=1e-12)}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
