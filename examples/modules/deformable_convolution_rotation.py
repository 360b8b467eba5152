"""News from the tips of a bar has to reach its middle, at any angle.

A bar of 12 × 2 pixels lies in noise; its tips are both bright or both dim,
and every pixel of the bar has to say which. From the middle the tips are
out of sight for two plain layers of 3 × 3. All networks have about 1900
parameters. Units: pixels, and radians, 0 is upright.

Shapes: images (b, 1, 15, 15), bar and along (b, 15, 15), bright (b,).
Raises ValueError for an unknown kind of network.
"""

import math

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor, nn

from examples.modules.convolution import Convolution
from examples.modules.deformable_convolution import deform_convolve
from examples.modules.deformable_convolution_modules import (
    DeformableConvolution,
    ModulatedDeformableConvolution,
    parameter_groups,
)

SIDE, HALF, TIP, NOISE = 15, 6.0, 2.5, 0.3
EDGE = 2  # what two layers of 3 × 3 without padding take away
KINDS = ("plain", "dilation 4", "fixed offsets", "version 1", "version 2")


# --8<-- [start:bars]
def bars(
    angles: Tensor, random: torch.Generator, shift: float = 1.0
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Images, which pixels are bar, how far along it, and the class."""
    n, at = len(angles), torch.arange(SIDE)
    center = shift * (2 * torch.rand(2, n, 1, 1, generator=random) - 1)
    y, x = at[:, None] - SIDE // 2 - center[0], at - SIDE // 2 - center[1]
    sin, cos = angles.sin()[:, None, None], angles.cos()[:, None, None]
    along, across = y * cos + x * sin, x * cos - y * sin
    bar = ((along.abs() < HALF) & (across.abs() < 1.2)).float()
    bright = torch.randint(2, (n,), generator=random).float()
    tips = bar * (along.abs() > HALF - TIP)
    clean = bar + tips * (1.4 * bright - 0.7)[:, None, None]
    noise = NOISE * torch.randn(n, SIDE, SIDE, generator=random)
    return (clean + noise)[:, None], bar, along, bright


def any_angle(n: int, random: torch.Generator) -> Tensor:
    return math.pi * (torch.rand(n, generator=random) - 0.5)


# --8<-- [end:bars]
# --8<-- [start:network]
class FixedOffsets(nn.Module):
    """Offsets are learned, yet the same for every image and place."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.regular = Convolution(channels, channels, 3)
        self.offset = nn.Parameter(torch.zeros(18, 1, 1))

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        size = (len(x), 18, x.shape[2] - 2, x.shape[3] - 2)
        conv, offset = self.regular, self.offset.expand(size)
        return deform_convolve(x, offset, conv.weight, conv.bias)


def network(kind: str, seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; must be one of {KINDS}")
    c = {"version 1": 8, "version 2": 6}.get(kind, 14)
    stem, head = nn.Conv2d(1, c, 3), nn.Conv2d(c, 1, 1)
    if kind == "plain":
        layer = nn.Conv2d(c, c, 3)
    elif kind == "dilation 4":
        layer = nn.Conv2d(c, c, 3, padding=3, dilation=4)
    elif kind == "fixed offsets":
        layer = FixedOffsets(c)
    elif kind == "version 1":
        layer = DeformableConvolution(c, c, 3)
    else:
        layer = ModulatedDeformableConvolution(c, c, 3)
    return nn.Sequential(stem, nn.ReLU(), layer, nn.ReLU(), head)


# --8<-- [end:network]
# --8<-- [start:train]
def inner(maps: Tensor) -> Tensor:
    return maps[..., EDGE:-EDGE, EDGE:-EDGE]


def train(
    model: nn.Module, seed: int, turned: bool = True, factor: float = 1.0
) -> nn.Module:
    """200 steps of Adam, on upright bars or on turned ones."""
    random = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(parameter_groups(model, 0.02, factor))
    for _ in range(200):
        angles = any_angle(12, random) if turned else torch.zeros(12)
        images, bar, _, bright = bars(angles, random)
        z, share = model(images)[:, 0], inner(bar) / inner(bar).sum()
        truth = bright[:, None, None].expand_as(z)
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(
            z, truth, share, reduction="sum"
        ).backward()
        optimizer.step()
    return model.eval()


@torch.no_grad()
def middle_right(model: nn.Module, angles: Tensor) -> float:
    """Share of right answers in the middle row of each bar."""
    random = torch.Generator().manual_seed(99)
    images, bar, along, bright = bars(angles, random)
    middle = inner(bar * (along.abs() < 0.5)) > 0
    right = (model(images)[:, 0] > 0) == (bright > 0)[:, None, None]
    return float(right[middle].double().mean())


# --8<-- [end:train]
def score_figure() -> Figure:
    angles = any_angle(256, torch.Generator().manual_seed(5))
    figure = Figure(figsize=(6.4, 3.0), layout="constrained")
    axes = figure.subplots()
    for i, kind in enumerate(KINDS):
        color = ("#ea7a17", "#3b82f6")[kind.startswith("version")]
        for seed in (0, 1):
            right = middle_right(train(network(kind, seed), seed), angles)
            axes.plot(i, right, "o", color=color, ms=8)
    axes.axhline(0.5, color="#757b84", linestyle=":")
    axes.text(4.4, 0.51, "chance", color="#757b84", ha="right")
    axes.set(ylim=(0.4, 1.02), ylabel="middle pixels right")
    axes.set(xticks=range(len(KINDS)), xlim=(-0.5, 4.5))
    axes.set_xticklabels([k.replace(" ", "\n") for k in KINDS])
    axes.grid(visible=True, axis="y")
    return figure


def main() -> None:
    print("trained on   network     parameters  upright  diagonal  lying")
    for turned in (False, True):
        for kind in ("plain", "version 1"):
            model = train(network(kind, 0), 0, turned)
            count = sum(p.numel() for p in model.parameters())
            seen = "any angle" if turned else "upright"
            print(f"{seen:<13}{kind:<12}{count:>10}", end="")
            for angle in (0.0, math.pi / 4, math.pi / 2):
                score = middle_right(model, torch.full((256,), angle))
                print(f"{'right' if score > 0.75 else 'guess':>9}", end="")
            print()


if __name__ == "__main__":
    main()
