"""Drawings: the weights between cells, and the seams that padding makes."""

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from examples.segmentation.unet import UNet, lost_border
from examples.segmentation.unet_tiles import mirrored
from examples.segmentation.unet_weights import weight_map

INK = "#757b84"


def touching_cells() -> np.ndarray:
    y, x = np.mgrid[:96, :128]
    cells = np.zeros((96, 128), int)
    places = [(30, 30, 20), (34, 68, 16), (66, 50, 15), (60, 96, 19)]
    places += [(22, 102, 12), (84, 22, 12)]
    for number, (top, left, radius) in enumerate(places, 1):
        inside = np.hypot(y - top, x - left) < radius
        cells[inside & (cells == 0)] = number
    return cells


def weights_figure() -> Figure:
    cells = touching_cells()
    figure = Figure(figsize=(6.4, 2.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    shown = np.ma.masked_equal(cells, 0)
    left.imshow(shown, cmap="tab10", vmin=0, vmax=9)
    left.set_title("cells")
    image = right.imshow(weight_map(cells), cmap="viridis")
    right.set_title("weight of each pixel")
    bar = figure.colorbar(image, ax=right, shrink=0.9)
    bar.outline.set_visible(False)
    for axes in (left, right):
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_color(INK)
    return figure


@torch.no_grad()
def seams(padding: int, side: int) -> Tensor:
    """How far tiles are from one pass over everything, pixel by pixel."""
    torch.manual_seed(0)
    model = UNet(1, 2, 4, 3, padding).eval()
    border = 0 if padding else lost_border(3) // 2
    image = torch.randn(1, 1, 96, 96)
    x = mirrored(image, border, 96, 4 if border else 0)
    whole = model(x)[..., :96, :96]
    tiled, more = torch.zeros_like(whole), 2 * border + (4 if border else 0)
    fitting = side + more + (-(side + more + 4) % 8 if border else 0)
    for top in range(0, 96, side):
        for left in range(0, 96, side):
            tile = x[..., top : top + fitting, left : left + fitting]
            tile = torch.nn.functional.pad(
                tile, [0, fitting - tile.shape[3], 0, fitting - tile.shape[2]]
            )
            part = model(tile)[..., :side, :side]
            room = tiled[..., top : top + side, left : left + side]
            room.copy_(part[..., : room.shape[2], : room.shape[3]])
    return (tiled - whole).abs().mean(1)[0] / whole.std()


def seams_figure() -> Figure:
    figure = Figure(figsize=(6.4, 2.6), layout="constrained")
    kinds = {
        "padded, tiles of 32": (1, 32),
        "valid, tiles of 28": (0, 28),
        "valid, tiles of 32": (0, 32),
    }
    panels = figure.subplots(1, 3)
    for axes, (name, (padding, side)) in zip(
        panels, kinds.items(), strict=True
    ):
        axes.imshow(seams(padding, side), "inferno", vmin=0, vmax=0.5)
        axes.set_title(name, size=10)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_color(INK)
    bar = figure.colorbar(panels[0].images[0], ax=panels, shrink=0.8)
    bar.outline.set_visible(False)
    return figure
