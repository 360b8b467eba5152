"""Segment an image of any size, tile by tile, without a seam.

A U-Net without padding needs a border of 92 pixels more than it answers.
The image is mirrored at its edges by that border; neighboring tiles then
overlap in what they read and not in what they say. With pooling the tiles
agree with one pass over everything only if they begin a multiple of 16
apart, which the 388 of the paper is not.

Shapes: image (b, c, h, w), of any h and w above 92; scores (b, k, h, w).
Raises ValueError for a model with padding and for a side of the tiles that
is no multiple of 2^levels.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from examples.segmentation.unet import UNet, lost_border


# --8<-- [start:tiles]
def mirrored(image: Tensor, border: int, side: int, more: int) -> Tensor:
    """Mirrored all around, and on until whole tiles fit."""
    h, w = image.shape[2:]
    bottom, right = (-n % side + border + more for n in (h, w))
    x = F.pad(image, [border, border, border, border], mode="reflect")
    return F.pad(x, [0, right - border, 0, bottom - border])


@torch.no_grad()
def predict_tiles(model: UNet, image: Tensor, side: int = 384) -> Tensor:
    if model.padding:
        raise ValueError("model has padding; tiles need one without")
    if side < 1 or side % 2**model.levels:
        raise ValueError(
            f"side is {side}; must be a multiple of {2**model.levels}"
        )
    lost, h, w = lost_border(model.levels), *image.shape[2:]
    x = mirrored(image, lost // 2, side, 4)  # a tile answers side + 4
    rows = []
    for top in range(0, h, side):
        row = []
        for left in range(0, w, side):
            n = side + lost + 4
            tile = x[..., top : top + n, left : left + n]
            row.append(model(tile)[..., :side, :side])
        rows.append(torch.cat(row, dim=3))
    return torch.cat(rows, dim=2)[..., :h, :w]


# --8<-- [end:tiles]
