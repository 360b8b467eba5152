"""Where the taps went, and how much each of them matters.

A tap may be anywhere if its weights ignore it, so positions alone mislead.
Each tap is weighed by what its mask would change: m_k times dz / dm_k for
the answer z (version 1: m_k = 1).

Shapes: image (1, 1, 15, 15), taps (9, 2) in pixels of the image, rows
first, influence (9,). ``reach`` and ``lost`` average over many bars.
"""

import math

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor, nn

from examples.modules.deformable_convolution import (
    deform_convolve,
    sampling_points,
)
from examples.modules.deformable_convolution_rotation import (
    EDGE,
    SIDE,
    any_angle,
    bars,
    inner,
    middle_right,
    network,
    train,
)

INK, BLUE, ORANGE, GREEN = "#757b84", "#3b82f6", "#ea7a17", "#1f9d6b"
FACTORS = (0.1, 1.0, 10.0)


# --8<-- [start:taps]
def tap_influence(
    model: nn.Sequential, images: Tensor
) -> tuple[Tensor, Tensor]:
    """Positions (b, 9, 2, h', w') and influence (b, 9, h', w')."""
    stem, relu, layer, _, head = model
    features = relu(stem(images)).detach()
    offset, mask = layer.look(features)
    if mask is None:
        mask = torch.ones_like(offset[:, ::2])
    mask = mask.detach().requires_grad_()
    conv = layer.regular
    y = deform_convolve(features, offset, conv.weight, conv.bias, mask)
    (slope,) = torch.autograd.grad(head(relu(y)).sum(), mask)
    points = sampling_points(offset.detach(), (3, 3))[:, 0].flatten(1, 2)
    return points + 1, (mask * slope).detach().abs()  # the stem takes 1


# --8<-- [end:taps]
# --8<-- [start:reach]
def reach(model: nn.Sequential, angles: Tensor) -> float:
    """Spread along the bar over spread across it; a square grid has 1."""
    random = torch.Generator().manual_seed(98)
    images, bar, along, _ = bars(angles, random)
    points, influence = tap_influence(model, images)
    at = torch.arange(points.shape[-1]) + EDGE
    away = points - torch.stack(torch.meshgrid(at, at, indexing="ij"))
    sin, cos = angles.sin(), angles.cos()
    middle = inner(bar * (along.abs() < 0.5))[:, None]
    spread = []
    for axis in (torch.stack([cos, sin], 1), torch.stack([-sin, cos], 1)):
        squared = (away * axis[:, None, :, None, None]).sum(2).square()
        spread.append(float((squared * influence * middle).sum()))
    return math.sqrt(spread[0] / spread[1]) if spread[1] else math.nan


def lost(model: nn.Sequential, angles: Tensor) -> float:
    """Share of the bars' taps that read nothing but zeros outside."""
    random = torch.Generator().manual_seed(98)
    images, bar, _, _ = bars(angles, random)
    points = tap_influence(model, images)[0] - 1  # in the features, 13 × 13
    gone = ((points <= -1) | (points >= SIDE - 2)).any(2)
    return float(gone.double().mean(1)[inner(bar) > 0].mean())


# --8<-- [end:reach]
def draw(axes: Axes, model: nn.Sequential, angle: float) -> None:
    image = bars(
        torch.tensor([angle]), torch.Generator().manual_seed(2), shift=0.0
    )[0]
    points, influence = tap_influence(model, image)
    middle = SIDE // 2
    at = middle - EDGE
    ends, weights = points[0, :, :, at, at], influence[0, :, at, at]
    axes.imshow(image[0, 0], vmin=-0.7, vmax=2.2)
    for k, (y, x) in enumerate(ends.tolist()):
        y0, x0 = middle + k // 3 - 1, middle + k % 3 - 1
        size = 3 + 9 * float((weights[k] / weights.max()).sqrt())
        axes.plot([x0, x], [y0, y], color=ORANGE, linewidth=1)
        axes.plot(x, y, "o", color=ORANGE, mec="white", ms=size)
    axes.plot(middle, middle, "+", color=BLUE, ms=10, mew=2.5)
    axes.set(xlim=(-0.5, SIDE - 0.5), ylim=(SIDE - 0.5, -0.5))
    axes.set(xticks=[], yticks=[])
    score = middle_right(model, torch.full((256,), angle))
    axes.set_xlabel(f"{score:.2f} right", color=INK)


def reach_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    grid = figure.subplots(2, 4)
    for row, turned in zip(grid, (True, False), strict=True):
        model = train(network("version 1", 0), 0, turned)
        for axes, angle in zip(row, (0, 45, 90, 135), strict=True):
            draw(axes, model, math.radians(angle))
            if turned:
                axes.set_title(f"{angle}°")
        row[0].set_ylabel("any angle" if turned else "upright only")
    figure.supylabel("trained on", color=INK, size=10)
    return figure


def rate_figure() -> Figure:
    angles = any_angle(256, torch.Generator().manual_seed(5))
    figure = Figure(figsize=(6.4, 3.0), layout="constrained")
    left, right = figure.subplots(1, 2)
    for factor in FACTORS:
        for seed in (0, 1, 2):
            model = train(network("version 1", seed), seed, factor=factor)
            score = middle_right(model, angles)
            left.semilogx(factor, score, "o", color=BLUE)
            right.semilogx(factor, lost(model, angles), "o", color=ORANGE)
    left.axhline(0.5, color=INK, linestyle=":")
    left.set(ylim=(0.4, 1.02), ylabel="middle pixels right")
    right.set(ylim=(-0.03, 1), ylabel="taps outside the image")
    for axes in (left, right):
        axes.set_xticks(FACTORS, [f"{f:g}" for f in FACTORS])
        axes.minorticks_off()
        axes.set_xlabel("learning rate of the branch, ×")
        axes.grid(visible=True)
    return figure
