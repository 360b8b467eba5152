"""Deformable convolution: a kernel whose taps may leave their grid.

    y[o, i, j] = bias[o] + sum over c, u, v of
        weight[o, c, u, v] * mask[k, i, j] * x(c, i' + dy, j' + dx)
    i' = stride i + dilation u - padding,  j' likewise,  k = kw u + v
    dy = offset[2 k, i, j],  dx = offset[2 k + 1, i, j]

Between its pixels x is read by bilinear interpolation, and it is 0 outside.
Version 1 has no mask (arxiv.org/abs/1703.06211), version 2 has one between
0 and 1 (arxiv.org/abs/1811.11168). With q offset groups the channels of x
fall into q blocks, each with offsets and a mask of its own.

Shapes: x (b, c, h, w), offset (b, 2 q kh kw, h', w') in pixels, mask
(b, q kh kw, h', w'), weight (o, c / groups, kh, kw), bias (o,). Raises
ValueError when channels, groups or the sizes of offset and mask do not fit.
"""

from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

from examples.modules.convolution import check, convolve, output_size


# --8<-- [start:sample]
def addresses(points: Tensor, h: int, w: int) -> list[Tensor]:
    """Where the four pixels around each point are; h w is outside."""
    top, left = points.floor().long().unbind(1)  # (b, n) each
    found = []
    for row, column in product((top, top + 1), (left, left + 1)):
        inside = (row >= 0) & (row < h) & (column >= 0) & (column < w)
        found.append(torch.where(inside, row * w + column, h * w))
    return found


def neighbors(x: Tensor, points: Tensor) -> list[Tensor]:
    """The four pixels around each point, (b, c, n) each, 0 outside."""
    pixels = F.pad(x.flatten(2), (0, 1))  # the last one is all of outside
    return [
        pixels.gather(2, address[:, None].expand(-1, x.shape[1], -1))
        for address in addresses(points, *x.shape[2:])
    ]


def sample(x: Tensor, points: Tensor) -> Tensor:
    """x (b, c, h, w) read at points (b, 2, n), rows first: (b, c, n)."""
    down, right = (points - points.floor())[:, None].unbind(2)  # (b, 1, n)
    upper_left, upper_right, lower_left, lower_right = neighbors(x, points)
    upper = torch.lerp(upper_left, upper_right, right)
    lower = torch.lerp(lower_left, lower_right, right)
    return torch.lerp(upper, lower, down)  # (1 - down) upper + down lower


# --8<-- [end:sample]
# --8<-- [start:points]
def sampling_points(
    offset: Tensor,
    kernel: tuple[int, int],
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
) -> Tensor:
    """Where each tap reads: (b, q, kh, kw, 2, h', w'), rows first."""
    ways = ((dilation, kernel[0]), (dilation, kernel[1]))
    ways += ((stride, offset.shape[2]), (stride, offset.shape[3]))
    u, v, i, j = torch.meshgrid(
        *(step * torch.arange(n, device=offset.device) for step, n in ways),
        indexing="ij",
    )
    grid = torch.stack([u + i, v + j], 2) - padding  # (kh, kw, 2, h', w')
    return grid + offset.unflatten(1, (-1, *kernel, 2))


# --8<-- [end:points]
def check_offset(
    x: Tensor,
    offset: Tensor,
    mask: Tensor | None,
    kernel: tuple[int, int],
    size: tuple[int, int],
    offset_groups: int,
) -> None:
    if offset_groups < 1 or x.shape[1] % offset_groups:
        raise ValueError(
            f"offset_groups is {offset_groups}; it must divide the "
            f"{x.shape[1]} channels of x"
        )
    taps = offset_groups * kernel[0] * kernel[1]
    for name, given, channels in (
        ("offset", offset, 2 * taps),
        ("mask", mask, taps),
    ):
        wanted = (len(x), channels, *size)
        if given is not None and given.shape != wanted:
            raise ValueError(
                f"{name} is {tuple(given.shape)}; must be {wanted}"
            )


# --8<-- [start:columns]
def in_blocks(x: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
    """Offset groups into the batch: (b q, c / q, h, w) and (b q, 2, n)."""
    blocks = x.unflatten(1, (points.shape[1], -1)).flatten(0, 1)
    return blocks, points.movedim(4, 2).flatten(0, 1).flatten(2)


def deformed_columns(
    x: Tensor, points: Tensor, mask: Tensor | None = None
) -> Tensor:
    """im2col of a deformed kernel: (b, c, kh kw, h', w')."""
    b, q, kh, kw, _, *size = points.shape
    seen = sample(*in_blocks(x, points))  # (b q, c / q, kh kw h' w')
    seen = seen.reshape(b, q, -1, kh * kw, *size)
    if mask is not None:
        seen = seen * mask.unflatten(1, (q, 1, -1))
    return seen.flatten(1, 2)


# --8<-- [end:columns]
# --8<-- [start:deform]
def deform_convolve(
    x: Tensor,
    offset: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    mask: Tensor | None = None,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
    offset_groups: int = 1,
) -> Tensor:
    check(x, weight, groups)
    kernel, settings = weight.shape[2:], (stride, padding, dilation)
    h = output_size(x.shape[2], kernel[0], *settings)
    w = output_size(x.shape[3], kernel[1], *settings)
    check_offset(x, offset, mask, kernel, (h, w), offset_groups)
    points = sampling_points(offset, kernel, *settings)
    columns = deformed_columns(x, points, mask).unflatten(1, (groups, -1))
    kernels = weight.flatten(2).unflatten(0, (groups, -1))
    y = torch.einsum("bgckhw,gock->bgohw", columns, kernels).flatten(1, 2)
    return y if bias is None else y + bias[:, None, None]


# --8<-- [end:deform]
# --8<-- [start:demo]
def main() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 6, 9, 8, dtype=torch.float64)
    weight = torch.randn(4, 3, 3, 3, dtype=torch.float64)  # 2 groups
    still = torch.zeros(2, 2 * 3 * 9, 5, 4, dtype=torch.float64)
    y = deform_convolve(x, still, weight, None, None, 2, 1, 1, 2, 3)
    plain = convolve(x, weight, None, 2, 1, 1, 2)
    print("x", tuple(x.shape), " offset", tuple(still.shape), end=" ")
    print(" y", tuple(y.shape))
    same = torch.allclose(y, plain, rtol=0, atol=1e-12)
    print("offsets of 0 = convolution:", same)
    print("plus one in channel   group  tap    reads")
    before = sampling_points(still, (3, 3))[0, ..., 0, 0]
    for channel in (0, 1, 2, 17, 18):
        moved = still.clone()
        moved[:, channel] = 1
        after = sampling_points(moved, (3, 3))[0, ..., 0, 0]
        q, u, v, axis = (after - before).nonzero()[0].tolist()
        way = ("one row lower", "one column to the right")[axis]
        print(f"{channel:>10}{q:>15}    ({u}, {v})  {way}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
