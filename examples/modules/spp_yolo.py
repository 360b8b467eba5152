"""The SPP of YOLO: maxima over three windows, beside the map itself.

    parallel   cat(x, M5 x, M9 x, M13 x)
    chained    cat(x, M5 x, M5 M5 x, M5 M5 M5 x)      the same numbers

M_k is max pooling with kernel k, stride 1 and padding k // 2, so that the
map keeps its size. Reaches add up: M_j M_k = M_(j + k - 1) for odd j, k.

Shapes: (b, c, h, w) in; (b, 4 c, h, w) out of the pools, (b, o, h, w) out
of the block. Raises ValueError for a kernel that is even or below 1, for no
pool, and for channels below 1 or odd.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.modules.pooling import MaxPool, largest


def check_kernel(kernel: int) -> None:
    if kernel < 1 or kernel % 2 == 0:
        raise ValueError(f"kernel is {kernel}; it must be odd and positive")


# --8<-- [start:pools]
def same_pool(kernel: int) -> MaxPool:
    check_kernel(kernel)
    return MaxPool(kernel, stride=1, padding=kernel // 2)


class ParallelPools(nn.Module):
    def __init__(self, kernels: tuple[int, ...] = (5, 9, 13)) -> None:
        super().__init__()
        if not kernels:
            raise ValueError("kernels is (); it must hold at least one")
        self.pools = nn.ModuleList(same_pool(k) for k in kernels)

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        return torch.cat([x, *(pool(x) for pool in self.pools)], dim=1)


class ChainedPools(nn.Module):
    def __init__(self, kernel: int = 5, times: int = 3) -> None:
        super().__init__()
        if times < 1:
            raise ValueError(f"times is {times}; it must be at least 1")
        self.pool, self.times = same_pool(kernel), times

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        parts = [x]
        for _ in range(self.times):
            parts.append(self.pool(parts[-1]))
        return torch.cat(parts, dim=1)


# --8<-- [end:pools]
# --8<-- [start:lines]
class LinePool(nn.Module):
    """The same maxima from rows, then columns: 2 k reads, not k^2."""

    def __init__(self, kernel: int = 5) -> None:
        super().__init__()
        check_kernel(kernel)
        self.kernel = kernel

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        x = F.pad(x, [self.kernel // 2] * 4, value=-math.inf)
        x = largest(x.unfold(3, self.kernel, 1))  # rows first: see ties
        return largest(x.unfold(2, self.kernel, 1))


# --8<-- [end:lines]
# --8<-- [start:block]
def unit(channels: int, out: int) -> nn.Sequential:
    conv = nn.Conv2d(channels, out, 1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(out), nn.SiLU())


class PoolingBlock(nn.Module):
    """Halve the channels, pool, and mix the four parts again."""

    def __init__(self, channels: int, out: int, pools: nn.Module) -> None:
        super().__init__()
        if channels < 2 or channels % 2 or out < 1:
            wanted = "channels must be even, both positive"
            said = f"channels, out are {channels}, {out}"
            raise ValueError(f"{said}; {wanted}")
        self.narrow = unit(channels, channels // 2)
        self.pools = pools
        self.mix = unit(2 * channels, out)

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        return self.mix(self.pools(self.narrow(x)))  # (b, o, h, w)


# --8<-- [end:block]
# --8<-- [start:demo]
def gradient(pools: nn.Module, x: Tensor) -> Tensor:
    x = x.detach().requires_grad_()
    y = pools(x)
    upstream = torch.linspace(-1, 1, y.numel(), dtype=y.dtype)
    return torch.autograd.grad(y, x, upstream.view_as(y))[0]


def main() -> None:
    torch.manual_seed(0)
    distinct = torch.randperm(2 * 400).view(1, 2, 20, 20).double()
    tied = distinct % 4  # as after coarse quantization
    for name, x in {"all distinct": distinct, "many ties": tied}.items():
        parallel, chained = ParallelPools(), ChainedPools()
        same = torch.equal(parallel(x), chained(x))
        one, other = gradient(parallel, x), gradient(chained, x)
        slopes = torch.allclose(one, other)
        print(f"{name:<14}outputs equal {same}, gradients {slopes}")

    c = 512  # the block of YOLOv5s
    macs = c * c // 2 + 2 * c * c  # of both 1 × 1, at one position
    print(f"\na place, {c // 2} channels          reads   per 100 MACs")
    for name, reads in {
        "parallel 5, 9, 13": 5**2 + 9**2 + 13**2,
        "chained 5, 5, 5": 3 * 5**2,
        "chained, rows then columns": 3 * (5 + 5),
    }.items():
        count = reads * c // 2
        print(f"{name:<28}{count:>7,}{100 * count / macs:>15.0f}")
    block = PoolingBlock(c, c, ChainedPools())
    print(f"parameters {sum(p.numel() for p in block.parameters()):,}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
