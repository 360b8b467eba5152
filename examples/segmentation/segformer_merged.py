"""The decoder of SegFormer with half of its layers, and the same output.

    F [up(E_4 f_4 + e_4), …, up(E_1 f_1 + e_1)] = sum_i up(G_i f_i + g_i)
    G_i = F_i E_i,  g_i = F_i e_i

Interpolation mixes pixels with weights that sum to 1, F and E_i mix
channels: they commute, and what is left of both is one linear layer a level,
applied before enlarging.

Shapes: maps (b, c_i, h_i, w_i), coarser from one to the next; logits
(b, k, h_1, w_1).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from examples.segmentation.segformer import SegFormer, segformer


# --8<-- [start:merged]
class MergedDecoder(nn.Module):
    def __init__(
        self, channels: tuple[int, ...], hidden: int, classes: int
    ) -> None:
        super().__init__()
        self.embed = nn.ModuleList(nn.Linear(c, hidden) for c in channels)
        self.norm = nn.BatchNorm2d(hidden)
        self.classify = nn.Conv2d(hidden, classes, 1)

    def forward(self, maps: list[Tensor]) -> Tensor:
        size, y = maps[0].shape[2:], maps[0].new_zeros(1)
        for embed, x in zip(self.embed, maps, strict=True):
            z = embed(x.movedim(1, 3)).movedim(3, 1)
            y = y + F.interpolate(z, size, mode="bilinear")
        return self.classify(self.norm(y).relu())


@torch.no_grad()
def merge(model: SegFormer) -> MergedDecoder:
    channels, old = model.encoder.channels, model.decoder
    conv, norm = old.fuse.get_submodule("0"), old.fuse.get_submodule("1")
    classes, hidden = old.classify.weight.shape[:2]
    new = MergedDecoder(channels, hidden, classes)
    new = new.to(old.classify.weight)
    shares = conv.get_parameter("weight")[..., 0, 0].chunk(len(channels), 1)
    pairs = zip(new.embed, old.embed, shares[::-1], strict=True)
    for mine, theirs, share in pairs:
        mine.weight.copy_(share @ theirs.weight)
        mine.bias.copy_(share @ theirs.bias)
    new.norm.load_state_dict(norm.state_dict())
    new.classify.load_state_dict(old.classify.state_dict())
    return new.train(model.training)


# --8<-- [end:merged]
def gflops(module: nn.Module, x: object) -> float:
    with FlopCounterMode(display=False) as counter:
        module.eval()(x)
    return counter.get_total_flops() / 1e9


# --8<-- [start:demo]
@torch.no_grad()
def main() -> None:
    print("billions of FLOPs at 512 × 512, two for a multiply and add")
    print("    encoder  decoder  merged")
    for size in ("b0", "b1", "b2", "b5"):
        with torch.device("meta"):
            model, x = segformer(size), torch.empty(1, 3, 512, 512)
            total = gflops(model, x)
            maps = model.encoder.features(x)
            decoder = gflops(model.decoder, maps)
            merged = gflops(merge(model), maps)
        print(f"{size}{total - decoder:>9.1f}{decoder:>9.1f}{merged:>8.1f}")
    torch.manual_seed(0)
    model, x = segformer("b0").eval(), torch.randn(1, 3, 64, 96)
    maps = model.encoder.features(x)
    old, new = model.decoder(maps), merge(model)(maps)
    print("same logits:", torch.allclose(old, new, atol=1e-5))


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
