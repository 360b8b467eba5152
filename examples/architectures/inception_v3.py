"""Inception v3: five kinds of blocks, batch normalization, one head.

    stem    three 3 × 3 for the 7 × 7 of v1, pool, 1 × 1, 3 × 3, pool
    blocks  A A A B C C C C D E E      named "5b" … "7c" as by Google
    loss    L(z) + 0.4 L(z_6e)         0.4 as in Google's training code

Szegedy et al., arxiv.org/abs/1512.00567.

Shapes: x (b, 3, h, w), at least 75 × 75; logits (b, k). The head reads
17 × 17 maps, that is images of 299 × 299. Raises ValueError for a width
that is not even and positive, for x of another shape and for smaller maps
where the head reads them.
"""

import torch
from torch import Tensor, nn

from examples.architectures.cnn_cost import layer_costs
from examples.architectures.inception_blocks import (
    block_a,
    block_b,
    block_c,
    block_d,
    block_e,
    chain,
)
from examples.architectures.inception_parts import unit


# --8<-- [start:stem]
def stem_v3(width: int) -> nn.Sequential:
    """299 × 299 to 35 × 35, mostly without padding."""
    w = width
    return nn.Sequential(
        unit(3, w, 3, 2, padding=0),
        unit(w, w, 3, padding=0),
        unit(w, 2 * w, 3),
        nn.MaxPool2d(3, stride=2),
        unit(2 * w, 5 * w // 2),
        unit(5 * w // 2, 6 * w, 3, padding=0),
        nn.MaxPool2d(3, stride=2),
    )


class HeadV3(nn.Module):
    def __init__(self, channels: int, classes: int, width: int) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(5, stride=3)  # 17 × 17 to 5 × 5
        self.reduce = chain(channels, width, (128, 1))
        self.whole = unit(4 * width, 24 * width, 5, padding=0)
        self.classifier = nn.Linear(24 * width, classes)

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        if min(x.shape[2:]) < 17:
            raise ValueError(f"x is {tuple(x.shape)}; a head reads 17 × 17")
        y = self.whole(self.reduce(self.pool(x)))  # a full layer, with BN
        return self.classifier(y.mean((2, 3)))


# --8<-- [end:stem]
# --8<-- [start:network]
class InceptionV3(nn.Module):
    def __init__(
        self, classes: int = 1000, width: int = 32, heads: bool = True
    ) -> None:
        super().__init__()
        if width < 2 or width % 2:
            raise ValueError(f"width is {width}; must be 2, 4, 6 …")
        w = width
        self.stem = stem_v3(w)
        self.blocks = nn.ModuleDict(
            {
                "5b": block_a(6 * w, 32, w),
                "5c": block_a(8 * w, 64, w),
                "5d": block_a(9 * w, 64, w),
                "6a": block_b(9 * w, w),
                "6b": block_c(24 * w, 128, w),
                "6c": block_c(24 * w, 160, w),
                "6d": block_c(24 * w, 160, w),
                "6e": block_c(24 * w, 192, w),
                "7a": block_d(24 * w, w),
                "7b": block_e(40 * w, w),
                "7c": block_e(64 * w, w),
            }
        )
        self.heads = nn.ModuleDict()
        if heads:
            self.heads["6e"] = HeadV3(24 * w, classes, w)
        vector = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.5)
        self.classifier = nn.Sequential(*vector, nn.Linear(64 * w, classes))

    # --8<-- [end:network]
    def features(self, x: Tensor) -> dict[str, Tensor]:
        check_large_image(x)
        maps, x = {}, self.stem(x)
        for name, block in self.blocks.items():
            maps[name] = x = block(x)
        return maps

    def all_logits(self, x: Tensor) -> list[Tensor]:
        """For training: of the classifier, then of the head."""
        maps = self.features(x)
        heads = [head(maps[name]) for name, head in self.heads.items()]
        return [self.classifier(maps["7c"]), *heads]

    def forward(self, x: Tensor) -> Tensor:  # (b, k)
        return self.classifier(self.features(x)["7c"])


def check_large_image(x: Tensor) -> None:
    if x.dim() != 4 or x.shape[1] != 3 or min(x.shape[2:]) < 75:
        raise ValueError(
            f"x is {tuple(x.shape)}; must be (b, 3, h, w) with h and w of "
            "at least 75"
        )


def main() -> None:
    with torch.device("meta"):  # shapes without memory
        model = InceptionV3()
        maps = model.features(torch.empty(1, 3, 299, 299))
    costs = layer_costs(model, (3, 299, 299))
    print("block  output            parameters   MMACs")
    for name, y in maps.items():
        size = sum(p.numel() for p in model.blocks[name].parameters())
        own = [c for c in costs if c.name.startswith(f"blocks.{name}")]
        macs = sum(cost.flops() for cost in own) / 2e6
        shape = str(tuple(y.shape[1:]))
        print(f"{name}     {shape:<16}{size:>12,}{macs:>8.1f}")
    total = sum(cost.flops() for cost in costs) / 2e9
    count = sum(p.numel() for p in model.parameters())
    head = sum(p.numel() for p in model.heads.parameters())
    print(f"parameters {count - head:,} + {head:,} in the head")
    print(f"multiply-adds for one image: {total:.3f} billion")


if __name__ == "__main__":
    main()
