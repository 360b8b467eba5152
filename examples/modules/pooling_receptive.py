"""How far a stack of convolutions sees, with and without pooling.

    r <- r + (k - 1) j        j <- j s

r is the receptive field in input pixels, j the distance in input pixels of
neighboring outputs, both 1 at first; k and s are kernel and stride of each
layer in turn. Autograd must find the same r.
"""

from collections.abc import Sequence

import torch
from torch import nn

from examples.modules.pooling import AvgPool
from examples.modules.pooling_strided import StridedConv

Layer = tuple[str, int, int]  # kind, kernel, stride


# --8<-- [start:receptive]
def receptive_field(layers: Sequence[Layer]) -> int:
    reach, jump = 1, 1
    for _, kernel, stride in layers:
        reach += (kernel - 1) * jump
        jump *= stride
    return reach


def measured(layers: Sequence[Layer], side: int = 128) -> int:
    """Rows of the input that the middle output depends on."""
    made: list[nn.Module] = []
    for kind, kernel, stride in layers:
        if kind == "pool":
            made.append(AvgPool(kernel, stride))
            continue
        conv = StridedConv(1, 1, kernel, stride)
        nn.init.ones_(conv.weight)  # nothing can cancel
        made.append(conv)
    x = torch.zeros(1, 1, side, side, requires_grad=True)
    y = nn.Sequential(*made)(x)
    middle = y.shape[2] // 2
    (gradient,) = torch.autograd.grad(y[0, 0, middle, middle], x)
    return int((gradient[0, 0] != 0).any(dim=1).sum())


# --8<-- [end:receptive]
def main() -> None:
    conv, pool = ("conv", 3, 1), ("pool", 2, 2)
    print("layers        plain   with pooling   measured")
    for depth in range(1, 5):
        plain, pooled = [conv] * depth, [conv, pool] * depth
        seen = f"{measured(plain)}, {measured(pooled)}"
        small, large = receptive_field(plain), receptive_field(pooled)
        print(f"{depth} conv 3 × 3 {small:>6} {large:>14} {seen:>10}")


if __name__ == "__main__":
    main()
