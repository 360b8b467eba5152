"""What every Inception is made of: a unit, and branches side by side.

    unit      u(x) = relu(BN(w * x)), or relu(w * x + b) without ``norm``
    parallel  y = [f_1(x), f_2(x), ...], joined along the channels

Shapes: x (b, c, h, w); branches must agree on b, h and w.
"""

import torch
from torch import Tensor, nn

Kernel = int | tuple[int, int]


# --8<-- [start:unit]
def unit(
    channels: int,
    out: int,
    kernel: Kernel = 1,
    stride: int = 1,
    padding: Kernel | None = None,
    norm: bool = True,
) -> nn.Sequential:
    """Convolution, BN if wanted, ReLU; unless told, h and w stay."""
    kh, kw = (kernel, kernel) if isinstance(kernel, int) else kernel
    pad = (kh // 2, kw // 2) if padding is None else padding
    conv = nn.Conv2d(channels, out, (kh, kw), stride, pad, bias=not norm)
    norms = [nn.BatchNorm2d(out, eps=1e-3)] if norm else []
    return nn.Sequential(conv, *norms, nn.ReLU())


# --8<-- [end:unit]
# --8<-- [start:parallel]
class Parallel(nn.Module):
    """Branches that read the same x, joined along the channels."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        return torch.cat([branch(x) for branch in self.branches], dim=1)


# --8<-- [end:parallel]
