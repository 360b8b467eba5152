"""Atrous spatial pyramid pooling: one map read at several rates at once.

    y = project([1 × 1, 3 × 3 at each rate, image pooling] of x)

Every branch, and the 1 × 1 projection of their concatenation, is a
convolution without bias, batch normalization and ReLU; dropout comes last.
DeepLab V3, arxiv.org/abs/1706.05587: 256 channels, rates 6, 12, 18 at
output stride 16 and twice those at 8. Dropout is not in the paper; the
authors' code drops 0.1, torchvision's 0.5.

Shapes: x (b, c, h, w); y (b, o, h, w). Raises ValueError for x of other
channels, channels or rates below 1, no rates, and dropout outside 0 to 1.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

RATES = {16: (6, 12, 18), 8: (12, 24, 36)}  # by output stride


# --8<-- [start:branches]
def unit(
    in_channels: int, out_channels: int, kernel: int = 1, rate: int = 1
) -> nn.Sequential:
    """Convolution that keeps the size, BN, ReLU."""
    size = {"padding": rate * (kernel // 2), "dilation": rate}
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel, bias=False, **size),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


class ImagePooling(nn.Module):
    """The mean of the whole map, seen from everywhere."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.unit = unit(in_channels, out_channels)

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        y = self.unit(x.mean((2, 3), keepdim=True))  # (b, o, 1, 1)
        return y.expand(-1, -1, *x.shape[2:])  # upsampled: a copy


# --8<-- [end:branches]
def check_aspp(
    in_channels: int,
    out_channels: int,
    rates: Sequence[int],
    dropout: float,
) -> None:
    for name, value in (
        ("in_channels", in_channels),
        ("out_channels", out_channels),
    ):
        if value < 1:
            raise ValueError(f"{name} is {value}; must be at least 1")
    if not rates or min(rates) < 1:
        raise ValueError(f"rates is {tuple(rates)}; each must be 1 or more")
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout is {dropout}; must be in 0 <= p < 1")


# --8<-- [start:aspp]
class ASPP(nn.Module):
    def __init__(
        self,
        in_channels: int,
        out_channels: int = 256,
        rates: Sequence[int] = RATES[16],
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        check_aspp(in_channels, out_channels, rates, dropout)
        self.in_channels = in_channels
        self.branches = nn.ModuleList(
            [
                unit(in_channels, out_channels),
                *(unit(in_channels, out_channels, 3, r) for r in rates),
                ImagePooling(in_channels, out_channels),
            ]
        )
        stacked = out_channels * len(self.branches)
        self.project = nn.Sequential(
            *unit(stacked, out_channels), nn.Dropout(dropout)
        )

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        if x.dim() != 4 or x.shape[1] != self.in_channels:
            wanted = f"(b, {self.in_channels}, h, w)"
            raise ValueError(f"x is {tuple(x.shape)}, not {wanted}")
        return self.project(torch.cat([b(x) for b in self.branches], 1))


# --8<-- [end:aspp]
def main() -> None:
    torch.manual_seed(0)
    aspp = ASPP(64, 32).eval()
    x = torch.randn(2, 64, 33, 33)
    print("one map:", tuple(x.shape))
    names = ["1 × 1", *(f"3 × 3, rate {r}" for r in RATES[16]), "pooling"]
    for name, branch in zip(names, aspp.branches, strict=True):
        y = branch(x)
        count = sum(p.numel() for p in branch.parameters())
        flat = "  the same everywhere" if name == "pooling" else ""
        assert bool((y == y[..., :1, :1]).all()) == (name == "pooling")
        print(f"{name:<15}{tuple(y.shape)!s:<17} {count:>7,}{flat}")
    count = sum(p.numel() for p in aspp.project.parameters())
    print(f"{'projection':<15}{tuple(aspp(x).shape)!s:<17} {count:>7,}")
    with torch.device("meta"):  # shapes without memory
        full = ASPP(2048)
    count = sum(p.numel() for p in full.parameters())
    print(f"behind ResNet-50, 2048 to 256 channels: {count:,} parameters")


if __name__ == "__main__":
    main()
