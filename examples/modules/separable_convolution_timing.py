"""A stopwatch for full and separable layers on this very machine.

Prints nothing that holds elsewhere: processor, library, threads and even
the neighbors on the machine decide. Units: seconds, GFLOPs a second.
"""

import time

import torch
from torch import Tensor, nn

from examples.modules.separable_convolution_cost import costs


# --8<-- [start:stopwatch]
@torch.no_grad()
def stopwatch(layer: nn.Module, x: Tensor, repeats: int = 20) -> float:
    """The median of several runs, after two that warm up."""
    found = []
    for _ in range(repeats + 2):
        start = time.perf_counter()
        layer(x)
        found.append(time.perf_counter() - start)
    return sorted(found[2:])[repeats // 2]


def report(c: int = 64, size: int = 56) -> None:
    x = torch.randn(1, c, size, size)
    layers = {
        "full": nn.Conv2d(c, c, 3, padding=1, bias=False),
        "depthwise": nn.Conv2d(c, c, 3, padding=1, groups=c, bias=False),
        "pointwise": nn.Conv2d(c, c, 1, bias=False),
    }
    for name, (flops, _) in costs(c, c, 3, size, size).items():
        took = stopwatch(layers[name], x)
        rate = flops / took / 1e9
        print(f"{name:<10} {1e6 * took:>6.0f} µs {rate:>6.0f} GFLOPs/s")


# --8<-- [end:stopwatch]
