"""What has to be kept for unpooling: 2 bits, 64 bits, or the whole map.

    code_i = 2 (row of p_i mod 2) + (column of p_i mod 2)    0 … 3

A window of 2 × 2 has four places, so that its index is 2 bits, four windows
a byte. PyTorch keeps 64 bits for each; a skip keeps four floats a window.

Shapes: indices (b, c, h', w'), of a map with ``width`` columns; packed
(ceil(b c h' w' / 4),) uint8. Raises ValueError for a width that is not
pooled to w', and for packed bytes of another number than the shape needs.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from examples.segmentation.segnet import SegNet


# --8<-- [start:pack]
def pack_indices(indices: Tensor, width: int) -> Tensor:
    """Four windows a byte, the first in the lowest bits."""
    check_width(indices.shape[-1], width)
    row, column = indices // width, indices % width
    code = (2 * (row % 2) + column % 2).flatten()
    fours = F.pad(code, (0, -len(code) % 4)).view(-1, 4)
    places = torch.tensor([1, 4, 16, 64])  # of 2 bits each
    return (fours * places).sum(1).to(torch.uint8)


def unpack_indices(
    packed: Tensor, shape: tuple[int, ...], width: int
) -> Tensor:
    check_width(shape[-1], width)
    check_packed(packed, shape)
    places = torch.tensor([1, 4, 16, 64])
    codes = packed[:, None] // places % 4
    code = codes.flatten()[: torch.Size(shape).numel()].view(shape)
    i, j = torch.arange(shape[-2]), torch.arange(shape[-1])
    row, column = 2 * i[:, None] + code // 2, 2 * j + code % 2
    return row * width + column


# --8<-- [end:pack]
def check_width(pooled: int, width: int) -> None:
    if (width + 1) // 2 != pooled:
        raise ValueError(
            f"width is {width}; must be {2 * pooled - 1} or {2 * pooled}, "
            f"which are pooled to {pooled}"
        )


def check_packed(packed: Tensor, shape: tuple[int, ...]) -> None:
    needed = (torch.Size(shape).numel() + 3) // 4
    if packed.dtype != torch.uint8 or packed.shape != (needed,):
        raise ValueError(
            f"packed is {tuple(packed.shape)} of {packed.dtype}; must be "
            f"({needed},) of torch.uint8 for indices of {tuple(shape)}"
        )


# --8<-- [start:demo]
@torch.no_grad()
def main() -> None:
    with torch.device("meta"):
        _, places = SegNet().encode(torch.empty(1, 3, 360, 480))
    print("MB a pooling   2 bits   int64  pooled map  whole map")
    total = torch.zeros(4)
    for i, (indices, size) in enumerate(places, 1):
        windows = indices.numel()
        whole = 4 * indices.shape[1] * size[0] * size[1]
        kept = torch.tensor([windows / 4, 8 * windows, 4 * windows, whole])
        total += kept / 1e6
        a, b, c, d = (kept / 1e6).tolist()
        print(f"pool{i:<8} {a:>8.2f} {b:>7.2f} {c:>11.2f} {d:>10.2f}")
    a, b, c, d = total.tolist()
    print(f"together     {a:>8.2f} {b:>7.2f} {c:>11.2f} {d:>10.2f}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
