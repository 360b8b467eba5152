"""A stopwatch for the pools of YOLO and for the convolutions around them.

Prints nothing that holds elsewhere: processor, library, threads and even
the neighbors on the machine decide. Times in microseconds.
"""

import torch
from torch import nn

from examples.modules.separable_convolution_timing import stopwatch


# --8<-- [start:report]
def report(c: int = 512, size: int = 20) -> None:
    """Layers of torch itself, as a detector would run them."""
    wide = torch.randn(1, c, size, size)
    x, parts = wide[:, : c // 2].clone(), torch.cat([wide, wide], dim=1)

    def took(kernel: int | tuple[int, int]) -> float:
        sides = (kernel, kernel) if isinstance(kernel, int) else kernel
        padding = (sides[0] // 2, sides[1] // 2)
        return stopwatch(nn.MaxPool2d(sides, 1, padding), x)

    convolutions = stopwatch(nn.Conv2d(c, c // 2, 1), wide)
    convolutions += stopwatch(nn.Conv2d(2 * c, c, 1), parts)
    for name, seconds in {
        "both 1 × 1 convolutions": convolutions,
        "parallel 5, 9, 13": sum(took(k) for k in (5, 9, 13)),
        "chained 5, 5, 5": 3 * took(5),
        "chained, rows then columns": 3 * (took((1, 5)) + took((5, 1))),
    }.items():
        print(f"{name:<28}{1e6 * seconds:>8.0f} µs")


# --8<-- [end:report]
