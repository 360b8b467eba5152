"""Hybrid dilated convolution: rates chosen so that no pixel is left unseen.

A pixel at distance p reaches the output along every choice of taps with
sum r_i u_i = p, so the number of paths is a coefficient of

    prod over layers i, sum over taps u, of z ** (r_i u)

HDC rule of Wang et al., arxiv.org/abs/1702.08502, for a k × k kernel:

    M_n = r_n,   M_i = max(M_{i+1} - 2 r_i, 2 r_i - M_{i+1}, r_i)
    M_2 <= k

and the exact condition, rates in ascending order: each rate is at most the
receptive field 1 + (k - 1) (sum of smaller rates) of those before it.

Shapes: rates (n,), counts (1 + (k - 1) sum r,), x (b, c, h, w). Raises
ValueError for no rates, rates below 1 or a kernel below 2, and an even
kernel where the size must be kept.
"""

from collections.abc import Sequence
from math import gcd

import torch
from torch import Tensor, nn

from examples.modules.convolution import convolve

EXAMPLES = (
    (1, 1, 1),
    (2, 2, 2),
    (1, 2, 3),
    (1, 2, 5),
    (1, 5, 2),
    (1, 3, 9),
    (1, 2, 9),
    (2, 4, 8),
    (2, 3, 4),
)


def check_rates(rates: Sequence[int], kernel: int = 3) -> None:
    if not rates or min(rates) < 1:
        raise ValueError(f"rates is {tuple(rates)}; each must be 1 or more")
    if kernel < 2:
        raise ValueError(f"kernel is {kernel}; must be at least 2")


# --8<-- [start:counts]
def path_counts(rates: Sequence[int], kernel: int = 3) -> Tensor:
    """Along one axis: by how many paths each pixel reaches the output."""
    check_rates(rates, kernel)
    counts = torch.ones(1, dtype=torch.int64)
    for rate in rates:
        size = len(counts)
        grown = counts.new_zeros(size + rate * (kernel - 1))
        for tap in range(kernel):
            grown[rate * tap : rate * tap + size] += counts
        counts = grown
    return counts  # (receptive field,); outer product for both axes


def measured_counts(rates: Sequence[int], kernel: int = 3) -> Tensor:
    """The same for both axes, as gradients when all weights are 1."""
    check_rates(rates, kernel)
    size = 1 + (kernel - 1) * sum(rates)
    x = torch.ones(1, 1, size, size, dtype=torch.float64)
    weight = torch.ones(1, 1, kernel, kernel, dtype=x.dtype)
    y = x.requires_grad_()
    for rate in rates:
        y = convolve(y, weight, dilation=rate)
    (gradient,) = torch.autograd.grad(y.sum(), x)  # y (1, 1, 1, 1)
    return gradient[0, 0]


# --8<-- [end:counts]
# --8<-- [start:rule]
def largest_distance(rates: Sequence[int]) -> int:
    """M_2, from the last layer down to the second; r_1 plays no part."""
    check_rates(rates)
    distance = rates[-1]
    for rate in reversed(rates[1:-1]):
        distance = max(distance - 2 * rate, 2 * rate - distance, rate)
    return distance


def rule_accepts(rates: Sequence[int], kernel: int = 3) -> bool:
    return largest_distance(rates) <= kernel


# --8<-- [end:rule]
# --8<-- [start:exact]
def covers(rates: Sequence[int], kernel: int = 3) -> bool:
    """Is every pixel of the receptive field seen? In any order."""
    check_rates(rates, kernel)
    field = 1
    for rate in sorted(rates):
        if rate > field:  # the copies leave a gap that nothing can fill
            return False
        field += (kernel - 1) * rate
    return True


# --8<-- [end:exact]
# --8<-- [start:stack]
class DilatedStack(nn.Sequential):
    """One 3 × 3 convolution, BN and ReLU for each rate."""

    def __init__(self, channels: int, rates: Sequence[int]) -> None:
        check_rates(rates)
        layers: list[nn.Module] = []
        for rate in rates:
            size = {"padding": rate, "dilation": rate}  # keeps h and w
            layers += [
                nn.Conv2d(channels, channels, 3, bias=False, **size),
                nn.BatchNorm2d(channels),
                nn.ReLU(),
            ]
        super().__init__(*layers)


# --8<-- [end:stack]
def shared_with_neighbor(rates: Sequence[int], kernel: int = 3) -> int:
    """Pixels that two outputs side by side both see."""
    seen = path_counts(rates, kernel) > 0
    both = seen[1:] & seen[:-1]
    return int(both.sum() * seen.sum())


def main() -> None:
    print("3 × 3     field    pixels        shared with   M_2  common")
    print("rates              seen          a neighbor         factor")
    for rates in EXAMPLES:
        counts = measured_counts(rates)
        size = len(counts)
        seen = int((counts > 0).sum())
        name = "-".join(map(str, rates))
        field, part = f"{size} × {size}", f"{seen} of {size**2}"
        print(f"{name:<9} {field:<8} {part:<13}", end="")
        print(f" {shared_with_neighbor(rates):<13}", end="")
        print(f" {largest_distance(rates):<4} {gcd(*rates)}")
    print("parameters of each of the first four, 64 channels:", end="")
    for rates in EXAMPLES[:4]:
        stack = DilatedStack(64, rates)
        print(f" {sum(p.numel() for p in stack.parameters())}", end="")
    print()


if __name__ == "__main__":
    main()
