"""SegFormer: a hierarchical Transformer and a decoder of linear layers.

    z = [up(E_4 f_4), up(E_3 f_3), up(E_2 f_2), up(E_1 f_1)]
    logits = up_4(W relu(BN(F z)) + b),  up bilinear, to 1/4 of the image

Xie et al., arxiv.org/abs/2105.15203. f_1 … f_4 are the maps of MiT at 1/4
to 1/32; E_i, F and W act on channels alone. The paper writes F as one linear
layer; the authors' code has BN and ReLU after it, as here, and drops whole
channels before W.

Shapes: x (b, 3, h, w); logits (b, k, h, w). Raises ValueError for a size
that is not b0 … b5, for hidden or classes below 1, and what MiT raises.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.segmentation.segformer_mit import MiT

SMALL, LARGE = (32, 64, 160, 256), (64, 128, 320, 512)
SIZES = {  # channels and blocks of the stages, hidden of the decoder
    "b0": (SMALL, (2, 2, 2, 2), 256),
    "b1": (LARGE, (2, 2, 2, 2), 256),
    "b2": (LARGE, (3, 4, 6, 3), 768),
    "b3": (LARGE, (3, 4, 18, 3), 768),
    "b4": (LARGE, (3, 8, 27, 3), 768),
    "b5": (LARGE, (3, 6, 40, 3), 768),
}


# --8<-- [start:decoder]
class MLPDecoder(nn.Module):
    def __init__(
        self,
        channels: tuple[int, ...],
        hidden: int,
        classes: int,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        if hidden < 1 or classes < 1:
            raise ValueError(
                f"hidden is {hidden} and classes is {classes}; must be "
                "at least 1"
            )
        self.embed = nn.ModuleList(nn.Linear(c, hidden) for c in channels)
        levels = len(channels)
        self.fuse = nn.Sequential(
            nn.Conv2d(levels * hidden, hidden, 1, bias=False),
            *(nn.BatchNorm2d(hidden), nn.ReLU(), nn.Dropout2d(dropout)),
        )
        self.classify = nn.Conv2d(hidden, classes, 1)

    def forward(self, maps: list[Tensor]) -> Tensor:
        size, same = maps[0].shape[2:], []
        for embed, x in zip(self.embed, maps, strict=True):
            z = embed(x.movedim(1, 3)).movedim(3, 1)
            same.append(F.interpolate(z, size, mode="bilinear"))
        z = torch.cat(same[::-1], 1)  # the coarsest comes first
        return self.classify(self.fuse(z))  # (b, k, h / 4, w / 4)


# --8<-- [end:decoder]
# --8<-- [start:model]
class SegFormer(nn.Module):
    def __init__(
        self,
        encoder: MiT,
        hidden: int,
        classes: int,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        channels = encoder.channels
        self.decoder = MLPDecoder(channels, hidden, classes, dropout)

    def forward(self, x: Tensor) -> Tensor:  # (b, 3, h, w)
        z = self.decoder(self.encoder.features(x))
        return F.interpolate(z, x.shape[2:], mode="bilinear")


def segformer(size: str = "b0", classes: int = 150) -> SegFormer:
    if size not in SIZES:
        raise ValueError(f"size is {size!r}; must be one of {tuple(SIZES)}")
    channels, depths, hidden = SIZES[size]
    return SegFormer(MiT(channels, depths), hidden, classes)


# --8<-- [end:model]
def parameters_of(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


# --8<-- [start:demo]
@torch.no_grad()
def main() -> None:
    with torch.device("meta"):  # shapes without memory
        print("      encoder     decoder       total")
        for size in SIZES:
            model = segformer(size)
            parts = (model.encoder, model.decoder, model)
            counts = (f"{parameters_of(part):>12,}" for part in parts)
            print(size, *counts, sep="")
        model, x = segformer("b0"), torch.empty(1, 3, 512, 512)
        print("\nB0 at 512 × 512: map, queries and keys of a head")
        maps, stages = model.encoder.features(x), model.encoder.stages
        for f, stage in zip(maps, stages, strict=True):
            c, h, w = f.shape[1:]
            ratio = next(stage.children()).attention.ratio
            shape = f"{c} × {h} × {w}"
            print(f"{shape:<16}{h * w:>6,} × {h * w // ratio**2}")
        print("logits", tuple(model(x).shape))


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
