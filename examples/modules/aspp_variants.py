"""Two relatives of ASPP: the sum of DeepLab V2 and the separable of V3+.

    V2    y = sum over rates r of conv_r(x), each 3 × 3 with bias, one
          channel a class: the scores themselves
    V3+   as V3, but every 3 × 3 is depthwise 3 × 3, BN, ReLU, then 1 × 1,
          BN, ReLU

DeepLab V2, arxiv.org/abs/1606.00915, as on ResNet-101 with rates 6, 12,
18, 24; V3+, arxiv.org/abs/1802.02611, as in the authors' code.

Shapes: x (b, c, h, w); y (b, o, h, w). Raises ValueError as ``ASPP`` does.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from examples.modules.aspp import ASPP, check_aspp, unit


# --8<-- [start:sum]
class SumASPP(nn.Module):
    """The class scores of DeepLab V2, by four opinions added up."""

    def __init__(
        self,
        in_channels: int,
        classes: int,
        rates: Sequence[int] = (6, 12, 18, 24),
    ) -> None:
        super().__init__()
        check_aspp(in_channels, classes, rates, dropout=0)
        self.branches = nn.ModuleList(
            nn.Conv2d(in_channels, classes, 3, padding=r, dilation=r)
            for r in rates
        )

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        return torch.stack([b(x) for b in self.branches]).sum(0)


# --8<-- [end:sum]
# --8<-- [start:separable]
def separable_unit(
    in_channels: int, out_channels: int, rate: int
) -> nn.Sequential:
    depthwise = nn.Conv2d(
        in_channels,
        in_channels,
        3,
        padding=rate,
        dilation=rate,
        groups=in_channels,
        bias=False,
    )
    norm = nn.BatchNorm2d(in_channels)
    pointwise = unit(in_channels, out_channels)
    return nn.Sequential(depthwise, norm, nn.ReLU(), *pointwise)


class SeparableASPP(ASPP):
    def __init__(
        self,
        in_channels: int,
        out_channels: int = 256,
        rates: Sequence[int] = (6, 12, 18),
        dropout: float = 0.1,
    ) -> None:
        super().__init__(in_channels, out_channels, rates, dropout)
        for i, rate in enumerate(rates, start=1):
            branch = separable_unit(in_channels, out_channels, rate)
            self.branches[i] = branch


# --8<-- [end:separable]
