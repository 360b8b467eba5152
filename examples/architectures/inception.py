"""Inception v1: kernels of several sizes side by side, made affordable.

    block   y = [u1(x), u3(r3(x)), u5(r5(x)), p(maxpool(x))], by channels
    unit    u(x) = relu(w * x + b), or relu(BN(w * x)) where ``norm`` is set

The reductions r3 and r5 and the projection p are 1 × 1. GoogLeNet stacks
nine blocks and, while it trains, classifies after 4a and 4d as well.
Szegedy et al., arxiv.org/abs/1409.4842; local response normalization is
left out, and ``norm`` is BN, which the paper did not have.

Shapes: x (b, 3, h, w), logits (b, k). Heads read 14 × 14 maps, that is
images of 224 × 224; without them 32 × 32 will do. Raises ValueError for a
width that is not a positive multiple of 8, for x of another shape and for
maps of another size where heads read them.
"""

from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from examples.architectures.cnn_cost import layer_costs
from examples.architectures.inception_parts import Parallel, unit
from examples.architectures.vgg import check_image, he_initialize


# --8<-- [start:block]
class Widths(NamedTuple):
    one: int  # 1 × 1
    reduce3: int  # 1 × 1 before the 3 × 3
    three: int
    reduce5: int  # 1 × 1 before the 5 × 5
    five: int
    pool: int  # 1 × 1 after the pooling


def inception_block(
    channels: int, w: Widths, large: int = 5, norm: bool = False
) -> Parallel:
    u = partial(unit, norm=norm)
    three = u(channels, w.reduce3), u(w.reduce3, w.three, 3)
    five = u(channels, w.reduce5), u(w.reduce5, w.five, large)
    return Parallel(
        u(channels, w.one),
        nn.Sequential(*three),
        nn.Sequential(*five),
        nn.Sequential(nn.MaxPool2d(3, 1, 1), u(channels, w.pool)),
    )


# --8<-- [end:block]
# --8<-- [start:plan]
TABLE_1 = {  # of the paper: its widths, column by column
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


class AuxiliaryHead(nn.Module):
    def __init__(
        self, channels: int, classes: int, width: int, norm: bool
    ) -> None:
        super().__init__()
        self.pool: nn.Module = nn.AvgPool2d(5, stride=3)  # 14 × 14 to 4 × 4
        self.reduce = unit(channels, 2 * width, norm=norm)
        self.classifier = nn.Sequential(
            nn.Linear(2 * width * 4 * 4, 16 * width),
            nn.ReLU(),
            nn.Dropout(0.7),
            nn.Linear(16 * width, classes),
        )

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        y = self.reduce(self.pool(x))
        if y.shape[2:] != (4, 4):
            raise ValueError(f"x is {tuple(x.shape)}; a head reads 14 × 14")
        return self.classifier(y.flatten(1))


# --8<-- [end:plan]
# --8<-- [start:network]
def halve() -> nn.Module:
    return nn.MaxPool2d(3, stride=2, ceil_mode=True)


class GoogLeNet(nn.Module):
    large, norm = 5, False  # the kernel of the third branch; BN

    def __init__(
        self, classes: int = 1000, width: int = 64, heads: bool = True
    ) -> None:
        super().__init__()
        check_width(width)
        u = partial(unit, norm=self.norm)
        seven, three = u(3, width, 7, 2), u(width, 3 * width, 3)
        self.stem = nn.Sequential(
            *(seven, halve(), u(width, width), three, halve())
        )
        self.blocks, self.heads = nn.ModuleDict(), nn.ModuleDict()
        before = {"4a": halve(), "5a": halve()}
        self.pools = nn.ModuleDict(before)
        c = 3 * width
        for name, row in TABLE_1.items():
            w = Widths(*(n * width // 64 for n in row))
            self.blocks[name] = inception_block(c, w, self.large, self.norm)
            c = w.one + w.three + w.five + w.pool
            if heads and name in ("4a", "4d"):
                head = AuxiliaryHead(c, classes, width, self.norm)
                self.heads[name] = head
        vector = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.4)
        self.classifier = nn.Sequential(*vector, nn.Linear(c, classes))
        he_initialize(self)

    # --8<-- [end:network]
    # --8<-- [start:forward]
    def features(self, x: Tensor) -> dict[str, Tensor]:
        check_image(x, 3)
        maps, x = {}, self.stem(x)
        for name, block in self.blocks.items():
            if name in self.pools:
                x = self.pools[name](x)
            maps[name] = x = block(x)
        return maps

    def all_logits(self, x: Tensor) -> list[Tensor]:
        """For training: of the classifier, then of the heads."""
        maps = self.features(x)
        heads = [head(maps[name]) for name, head in self.heads.items()]
        return [self.classifier(maps["5b"]), *heads]

    def forward(self, x: Tensor) -> Tensor:  # (b, k)
        return self.classifier(self.features(x)["5b"])


# --8<-- [end:forward]
def check_width(width: int) -> None:
    if width < 8 or width % 8:
        raise ValueError(f"width is {width}; must be 8, 16, 24 …")


# --8<-- [start:demo]
MEGAOPS = (128, 304, 73, 88, 100, 119, 170, 54, 71)  # in the paper


def main() -> None:
    with torch.device("meta"):  # shapes without memory
        model = GoogLeNet()
        maps = model.features(torch.empty(1, 3, 224, 224))
    print("block  output           weights   MMACs   in the paper")
    costs = layer_costs(model, (3, 224, 224))
    for (name, y), ops in zip(maps.items(), MEGAOPS, strict=True):
        own = [c for c in costs if c.name.startswith(f"blocks.{name}")]
        macs = sum(cost.flops() for cost in own) / 2e6
        print(f"{name}     {tuple(y.shape[1:])!s:<15}", end="")
        print(f"{sum(c.weights for c in own):>9,}{macs:>8.1f}{ops:>10}")
    total = sum(cost.flops() for cost in costs) / 2e9
    count = sum(p.numel() for p in model.parameters())
    heads = sum(p.numel() for p in model.heads.parameters())
    print(f"parameters {count - heads:,} + {heads:,} in the two heads")
    print(f"multiply-adds for one image: {total:.3f} billion")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
