"""The receptive field by formula, and measured by gradients.

    size += dilation * (kernel - 1) * jump,   jump *= stride

from the first layer to the last, starting with size = jump = 1: ``jump`` is
the distance, in input pixels, between neighbors in the feature map
(doi.org/10.23915/distill.00021).

Shapes: a layer is (kernel, stride, dilation). Raises ValueError for a layer
whose numbers are not positive.
"""

from collections.abc import Sequence

import torch

from examples.modules.convolution import convolve

Layer = tuple[int, int, int]  # kernel, stride, dilation
SAME = (3, 1, 1)
HALF = (2, 2, 1)  # a pooling layer sees what a 2 × 2 kernel sees
NETWORKS = {
    "one 7 × 7": [(7, 1, 1)],
    "three 3 × 3": [SAME] * 3,
    "3 × 3 with dilation 1, 2, 4": [(3, 1, 1), (3, 1, 2), (3, 1, 4)],
    "three 3 × 3 with stride 2": [(3, 2, 1)] * 3,
    "VGG-16, to the last pooling": 2 * [*2 * [SAME], HALF]
    + 3 * [*3 * [SAME], HALF],
    # its 1 × 1 convolutions add nothing
    "ResNet-50, to the last block": [
        *[(7, 2, 1), (3, 2, 1), *3 * [SAME]],
        *[(3, 2, 1), *3 * [SAME]],
        *[(3, 2, 1), *5 * [SAME]],
        *[(3, 2, 1), *2 * [SAME]],
    ],
}


# --8<-- [start:formula]
def receptive_field(layers: Sequence[Layer]) -> tuple[int, int]:
    """Its size, and the jump between neighboring outputs, in pixels."""
    size = jump = 1
    for kernel, stride, dilation in layers:
        if min(kernel, stride, dilation) < 1:
            raise ValueError(
                f"layer is {(kernel, stride, dilation)}; kernel, stride "
                "and dilation must be 1 or more"
            )
        size += dilation * (kernel - 1) * jump
        jump *= stride
    return size, jump


def measured_field(layers: Sequence[Layer], width: int) -> int:
    """How many pixels of a row have a gradient from its middle output."""
    x = torch.ones(1, 1, 1, width, dtype=torch.float64, requires_grad=True)
    y = x
    for kernel, stride, dilation in layers:
        positive = torch.ones(1, 1, 1, kernel, dtype=x.dtype) / kernel
        y = convolve(y, positive, stride=stride, dilation=dilation)
    y[..., y.shape[-1] // 2].sum().backward()
    assert x.grad is not None
    return int((x.grad > 0).sum())


# --8<-- [end:formula]
def main() -> None:
    print(f"{'rows seen':<29} formula  measured  jump")
    for name, layers in NETWORKS.items():
        size, jump = receptive_field(layers)
        seen = measured_field(layers, width=4 * size)
        print(f"{name:<29} {size:>7} {seen:>9} {jump:>5}")


if __name__ == "__main__":
    main()
