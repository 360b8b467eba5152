"""MiT, the encoder of SegFormer: four stages of attention, no codes.

    patches    x <- LN(conv_{k, s}(x))                  k > s: they overlap
    attention  x <- x + softmax(Q K^T / sqrt(e)) V W_O
               Q = x' W_Q,  K = r(x') W_K,  V = r(x') W_V,  x' = LN(x)
               r(x) = LN(conv_{R, R}(x)), the identity for R = 1
    Mix-FFN    x <- x + W_2 gelu(dw(W_1 LN(x))),  dw depthwise 3 × 3

Xie et al., arxiv.org/abs/2105.15203. Biases are left out above. In training
mode a branch is dropped for a whole sample now and then (stochastic depth,
arxiv.org/abs/1603.09382). The authors' eps is 1e-6 in blocks and after a
stage, 1e-5 in patches and in r.

Shapes: x (b, 3, h, w); inside (b, h, w, d); out four maps (b, c, h / s,
w / s) rounded up, s = 4, 8, 16, 32. Raises ValueError for other channels,
for heads that do not divide, for lists of different lengths, for a rate
outside [0, 1) and for a map smaller than its R.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.modules.self_attention import MultiHeadAttention


# --8<-- [start:patches]
class OverlapPatches(nn.Module):
    def __init__(
        self, channels: int, features: int, kernel: int, stride: int
    ) -> None:
        super().__init__()
        self.project = nn.Conv2d(
            channels, features, kernel, stride, kernel // 2
        )
        self.norm = nn.LayerNorm(features)

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        return self.norm(self.project(x).movedim(1, 3))  # (b, h', w', d)


# --8<-- [end:patches]
# --8<-- [start:attention]
class EfficientAttention(MultiHeadAttention):
    def __init__(self, features: int, heads: int, ratio: int = 1) -> None:
        super().__init__(features, heads)
        self.ratio = ratio
        if ratio > 1:
            self.reduce = nn.Conv2d(features, features, ratio, ratio)
            self.norm = nn.LayerNorm(features)

    def shorten(self, x: Tensor) -> Tensor:  # (b, h, w, d)
        if min(x.shape[1:3]) < self.ratio:
            raise ValueError(
                f"x has {x.shape[1]} × {x.shape[2]} tokens; must be at "
                f"least {self.ratio} each way"
            )
        if self.ratio > 1:
            x = self.reduce(x.movedim(3, 1)).movedim(1, 3)
            x = self.norm(x)
        return x.flatten(1, 2)  # (b, m, d)

    def forward(self, x: Tensor) -> Tensor:
        few = self.shorten(x)
        y, _ = self.look(x.flatten(1, 2), few, few)
        return y.unflatten(1, x.shape[1:3])


# --8<-- [end:attention]
# --8<-- [start:mix_ffn]
class MixFFN(nn.Module):
    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.widen = nn.Linear(features, hidden)
        self.depth = nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden)
        self.narrow = nn.Linear(hidden, features)

    def forward(self, x: Tensor) -> Tensor:  # (b, h, w, d)
        z = self.depth(self.widen(x).movedim(3, 1))  # neighbors meet here
        return self.narrow(F.gelu(z.movedim(1, 3)))


# --8<-- [end:mix_ffn]
# --8<-- [start:block]
class DropPath(nn.Module):
    def __init__(self, rate: float) -> None:
        super().__init__()
        if not 0 <= rate < 1:
            raise ValueError(f"rate is {rate}; must be in [0, 1)")
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:  # (b, ...)
        if not self.training or self.rate == 0:
            return x
        one = (len(x), *[1] * (x.dim() - 1))
        drawn = torch.rand(one, dtype=x.dtype, device=x.device)
        return x * (drawn >= self.rate) / (1 - self.rate)


class MiTBlock(nn.Module):
    def __init__(
        self, features: int, heads: int, ratio: int, rate: float, eps: float
    ) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(features, eps)
        self.attention = EfficientAttention(features, heads, ratio)
        self.feed_norm = nn.LayerNorm(features, eps)
        self.feed = MixFFN(features, 4 * features)
        self.drop = DropPath(rate)

    def forward(self, x: Tensor) -> Tensor:  # (b, h, w, d)
        x = x + self.drop(self.attention(self.attention_norm(x)))
        return x + self.drop(self.feed(self.feed_norm(x)))


# --8<-- [end:block]
# --8<-- [start:mit]
class MiT(nn.Module):
    def __init__(
        self,
        channels: Sequence[int] = (32, 64, 160, 256),
        depths: Sequence[int] = (2, 2, 2, 2),
        heads: Sequence[int] = (1, 2, 5, 8),
        ratios: Sequence[int] = (8, 4, 2, 1),
        drop_path: float = 0.1,
        eps: float = 1e-6,
    ) -> None:
        super().__init__()
        check_stages(channels, depths, heads, ratios)
        self.channels = tuple(channels)
        self.patches, self.stages = nn.ModuleList(), nn.ModuleList()
        self.norms = nn.ModuleList(nn.LayerNorm(c, eps) for c in channels)
        given, done, last = 3, 0, max(sum(depths) - 1, 1)
        for i, d in enumerate(channels):
            kernel, stride = (3, 2) if i else (7, 4)
            self.patches.append(OverlapPatches(given, d, kernel, stride))
            steps = range(done, done + depths[i])
            blocks = [
                MiTBlock(d, heads[i], ratios[i], drop_path * j / last, eps)
                for j in steps
            ]
            self.stages.append(nn.Sequential(*blocks))
            given, done = d, done + depths[i]
        self.apply(start_mit)

    def features(self, x: Tensor) -> list[Tensor]:  # (b, 3, h, w)
        check_colors(x)
        maps = []
        stages = zip(self.patches, self.stages, self.norms, strict=True)
        for parts in stages:
            for part in parts:
                x = part(x)
            x = x.movedim(3, 1)  # (b, c, h, w)
            maps.append(x)
        return maps


# --8<-- [end:mit]
# --8<-- [start:start]
def start_mit(layer: nn.Module) -> None:
    if isinstance(layer, nn.Linear):
        nn.init.trunc_normal_(layer.weight, std=0.02)
        nn.init.zeros_(layer.bias)
    elif isinstance(layer, nn.Conv2d):
        fan_out = layer.weight[:, 0].numel() // layer.groups
        nn.init.normal_(layer.weight, std=(2 / fan_out) ** 0.5)
        nn.init.zeros_(layer.bias)


# --8<-- [end:start]
def check_stages(*lists: Sequence[int]) -> None:
    lengths = [len(values) for values in lists]
    if set(lengths) != {max(lengths[0], 1)} or min(map(min, lists)) < 1:
        raise ValueError(
            f"channels, depths, heads and ratios are {lists}; must be of "
            "one length, and every number at least 1"
        )


def check_colors(x: Tensor) -> None:
    if x.dim() != 4 or x.shape[1] != 3:
        raise ValueError(f"x is {tuple(x.shape)}; must be (b, 3, h, w)")
