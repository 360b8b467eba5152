"""Spatial pyramid pooling: a map of any size in, one fixed length out.

    bin i of n over a side of h pixels:  floor(i h / n) .. ceil((i+1) h / n)
    level_n(x)[c, i, j] = max of x[c, rows of bin i, columns of bin j]
    spp(x) = concat over n of vec(level_n(x)),   length c * sum of n^2

The end of a bin is exclusive. He et al. 2014, arxiv.org/abs/1406.4729

Shapes: (b, c, h, w) in, (b, d) out with d = c * sum of n^2, whatever h and
w. Raises ValueError for no level or one below 1, and for x of another
number of axes or without a pixel.
"""

import torch
from torch import Tensor, nn

from examples.modules.pooling_adaptive import AdaptiveMaxPool


# --8<-- [start:pyramid]
class SpatialPyramid(nn.Module):
    def __init__(self, levels: tuple[int, ...] = (1, 2, 4)) -> None:
        super().__init__()
        if not levels or min(levels) < 1:
            wanted = "it must hold levels of at least 1"
            raise ValueError(f"levels is {levels}; {wanted}")
        self.levels = nn.ModuleList(AdaptiveMaxPool(n) for n in levels)
        self.bins = sum(n**2 for n in levels)

    def length(self, channels: int) -> int:
        return channels * self.bins

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        if x.dim() != 4 or 0 in x.shape[2:]:
            wanted = "(b, c, h, w) with at least one pixel"
            raise ValueError(f"x is {tuple(x.shape)}, not {wanted}")
        rows = [level(x).flatten(1) for level in self.levels]
        return torch.cat(rows, dim=1)  # (b, d), level by level


# --8<-- [end:pyramid]
# --8<-- [start:demo]
def main() -> None:
    channels, units = 256, 4096  # conv5 and fc6 of the paper's ZF-5
    fine = SpatialPyramid((6, 3, 2, 1))
    coarse = SpatialPyramid((4, 3, 2, 1))
    print("map        flatten   6+3+2+1   4+3+2+1")
    for h, w in ((13, 13), (10, 10), (7, 20), (3, 5)):
        x = torch.randn(1, channels, h, w)
        flat, *fixed = (f(x).shape[1] for f in (nn.Flatten(), fine, coarse))
        lengths = "".join(f"{length:>10,}" for length in fixed)
        print(f"{h:>2} × {w:<4} {flat:>9,}{lengths}")
    print("\nweights of the first linear layer")
    for name, length in {
        "6 × 6 alone, as without SPP": 36 * channels,
        "6+3+2+1": fine.length(channels),
        "4+3+2+1": coarse.length(channels),
    }.items():
        print(f"{name:<28} {length * units:>11,}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
