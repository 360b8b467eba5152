"""PSPNet: every pixel also sees the averages of large parts of the image.

    pyramid(x) = [x, up(U_1(pool_1 x)), up(U_2(pool_2 x)),
                  up(U_3(pool_3 x)), up(U_6(pool_6 x))]
    logits = up8(head(pyramid(stage 4)))
    loss = CE(logits, y) + 0.4 CE(up8(head'(stage 3)), y)

``pool_n`` averages n × n bins, U_n is a 1 × 1 convolution to a quarter of
the channels, BN and ReLU, and ``up`` is bilinear. Zhao et al.,
arxiv.org/abs/1612.01105, on a ResNet of output stride 8 whose stem is, as
in the authors' code, three 3 × 3 convolutions. The paper counts the stem as
the first stage; its "fourth" is our third.

Shapes: x (b, 3, h, w), at least 32 × 32; logits (b, k, h, w), in training
mode a list of two. Raises ValueError for bins below 1, channels that they
do not divide, classes below 1, and through ``check_image`` for another x.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.architectures.resnet import ResNet, dilate
from examples.architectures.vgg import he_initialize
from examples.modules.aspp import unit

PYRAMID_BINS = (1, 2, 3, 6)


# --8<-- [start:pyramid]
def enlarge(x: Tensor, size: torch.Size) -> Tensor:
    """Bilinear, with the corners of both maps on each other."""
    return F.interpolate(x, size, mode="bilinear", align_corners=True)


class PyramidPooling(nn.Module):
    def __init__(
        self, channels: int, bins: Sequence[int] = PYRAMID_BINS
    ) -> None:
        super().__init__()
        check_pyramid(channels, bins)
        reduced = channels // max(len(bins), 1)
        self.levels = nn.ModuleList(
            nn.Sequential(nn.AdaptiveAvgPool2d(n), *unit(channels, reduced))
            for n in bins
        )
        self.channels = channels + reduced * len(bins)

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        parts = [x]
        for level in self.levels:
            y = level(x)  # (b, c / 4, n, n)
            parts.append(enlarge(y, x.shape[2:]))
        return torch.cat(parts, 1)  # (b, 2 c, h, w)


# --8<-- [end:pyramid]
# --8<-- [start:backbone]
def deep_stem(width: int) -> nn.Sequential:
    first = nn.Conv2d(3, width, 3, stride=2, padding=1, bias=False)
    return nn.Sequential(
        *(first, nn.BatchNorm2d(width), nn.ReLU()),
        *unit(width, width, 3),
        *unit(width, 2 * width, 3),
    )


def psp_backbone(layers: int, width: int) -> ResNet:
    backbone = ResNet(layers, 0, width, output_stride=8)
    backbone.stem = deep_stem(width)
    backbone.channels[0] = 2 * width  # what the first block is given
    first = type(backbone.get_submodule("stages.0.0"))
    stage = backbone.get_submodule("stages.0")
    stage.register_module("0", first(2 * width, width))
    for i, rate in ((2, 2), (3, 4)):
        dilate(backbone.stages[i], rate)  # the first block as well
    he_initialize(backbone)
    return backbone


# --8<-- [end:backbone]
# --8<-- [start:network]
def psp_head(
    channels: int, hidden: int, classes: int, dropout: float = 0.1
) -> nn.Sequential:
    return nn.Sequential(
        *unit(channels, hidden, 3),
        nn.Dropout(dropout),
        nn.Conv2d(hidden, classes, 1),
    )


class PSPNet(nn.Module):
    aux_weights = (0.4,)

    def __init__(
        self,
        layers: int = 50,
        classes: int = 150,
        width: int = 64,
        bins: Sequence[int] = PYRAMID_BINS,
    ) -> None:
        super().__init__()
        if classes < 1:
            raise ValueError(f"classes is {classes}; must be at least 1")
        self.backbone = psp_backbone(layers, width)
        *_, third, fourth = self.backbone.channels
        self.pyramid = PyramidPooling(fourth, bins)
        stacked = self.pyramid.channels
        self.classifier = psp_head(stacked, fourth // 4, classes)
        self.aux_classifier = psp_head(third, third // 4, classes)

    def forward(self, x: Tensor) -> Tensor | list[Tensor]:
        *_, third, fourth = self.backbone.features(x)
        maps = [self.classifier(self.pyramid(fourth))]
        if self.training:
            maps.append(self.aux_classifier(third))
        full = [enlarge(z, x.shape[2:]) for z in maps]
        return full if self.training else full[0]  # (b, k, h, w)


# --8<-- [end:network]
def check_pyramid(channels: int, bins: Sequence[int]) -> None:
    if bins and min(bins) < 1:
        raise ValueError(f"bins is {tuple(bins)}; each must be 1 or more")
    levels = max(len(bins), 1)
    if channels < 1 or channels % levels:
        raise ValueError(
            f"channels is {channels}; must be a multiple of {levels}"
        )


@torch.no_grad()
def main() -> None:
    with torch.device("meta"):  # shapes without memory
        model, x = PSPNet().eval(), torch.empty(1, 3, 473, 473)
        maps = model.backbone.features(x)
        names = ("stem", *(f"stage {i}" for i in range(1, 5)))
        for name, y in zip(names, maps, strict=True):
            print(f"{name:<10}{tuple(y.shape)}")
        levels = model.pyramid.levels
        for n, level in zip(PYRAMID_BINS, levels, strict=True):
            print(f"{n} × {n:<6}{tuple(level(maps[-1]).shape)}")
        y = model.pyramid(maps[-1])
        print(f"{'pyramid':<10}{tuple(y.shape)}")
        print(f"{'scores':<10}{tuple(model.classifier(y).shape)}")
        print(f"{'logits':<10}{tuple(model(x).shape)}")
        print("\nlayers  parameters     pyramid        head  second head")
        for layers in (50, 101):
            model = PSPNet(layers)
            parts = (
                *(model, model.pyramid, model.classifier),
                model.aux_classifier,
            )
            counts = [sum(p.numel() for p in m.parameters()) for m in parts]
            print(f"{layers:<6}", *(f"{count:>11,}" for count in counts))


if __name__ == "__main__":
    main()
