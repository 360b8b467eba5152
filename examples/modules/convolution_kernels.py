"""Several kernels, several feature maps: each answers one question.

The kernels are set by hand here; a network learns its own.

Shapes: photograph (1, 1, h, w), weight (3, 1, 3, 3), maps (1, 3, h', w').
"""

import torch
from matplotlib.figure import Figure
from skimage import data
from torch import Tensor

from examples.modules.convolution import convolve


# --8<-- [start:kernels]
def three_kernels() -> Tensor:
    smooth, slope = torch.tensor([1.0, 2, 1]), torch.tensor([-1.0, 0, 1])
    bend = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]])
    kernels = [torch.outer(smooth, slope), torch.outer(slope, smooth), bend]
    return torch.stack(kernels)[:, None]  # (3, 1, 3, 3)


# --8<-- [end:kernels]
def maps_figure() -> Figure:
    gray = torch.tensor(data.camera()[20:340:2, 100:420:2].copy()).float()
    maps = convolve(gray[None, None], three_kernels())[0]
    names = ("kernel 0: left to right", "kernel 1: top to bottom")
    names += ("kernel 2: against neighbors",)
    figure = Figure(figsize=(6.4, 6.6), layout="constrained")
    first, *others = figure.subplots(2, 2).flat
    first.imshow(gray)
    first.set_title("input: 1 channel")
    for axes, image, name in zip(others, maps, names, strict=True):
        bound = image.abs().quantile(0.98)
        axes.imshow(image, vmin=-bound, vmax=bound)
        axes.set_title(name)
    for axes in figure.axes:
        axes.axis("off")
    return figure
