"""What the gates of a ResNet cost: parameters, FLOPs, and memory traffic.

For a branch of c channels and h w places, with m = c // reduction:

    SE    parameters 2 c m + m + c    FLOPs 4 c m
    CBAM  the same + 100              FLOPs 8 c m + 196 h w

The traffic counts the elements that every operation reads and writes when
operations run one by one. Everything is counted on the meta device: shapes
without memory. FLOPs as in ``torch.utils.flop_counter``, two to a
multiply-add.

Shapes: images (1, 3, side, side). Raises ValueError for a side below 32.
"""

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from examples.architectures.cnn_cost import layer_costs
from examples.architectures.resnet import ResNet
from examples.modules.convolutional_attention_resnet import (
    CBAMResNet,
    SEResNet,
)

BLOCKS_50 = (3, 4, 6, 3)


# --8<-- [start:formula]
def gate_cost(
    kind: str, channels: int, places: int, reduction: int
) -> tuple[int, int]:
    """Parameters and FLOPs of one gate."""
    hidden = channels // reduction
    mlp = 2 * channels * hidden
    parameters = mlp + hidden + channels
    if kind == "se":
        return parameters, 2 * mlp
    return parameters + 98 + 2, 2 * (2 * mlp + 98 * places)


def gates_of_resnet50(
    kind: str, reduction: int = 16, side: int = 224
) -> list[tuple[int, int]]:
    """All gates of each stage: 256 to 2048 channels, strides 4 to 32."""
    if side < 32:
        raise ValueError(f"side is {side}; must be at least 32")
    rows = []
    for i, blocks in enumerate(BLOCKS_50):
        places = (-(-side // (4 * 2**i))) ** 2  # rounded up, squared
        each = gate_cost(kind, 256 * 2**i, places, reduction)
        rows.append((blocks * each[0], blocks * each[1]))
    return rows


# --8<-- [end:formula]
# --8<-- [start:traffic]
class Traffic(TorchDispatchMode):
    """Adds up the elements of all inputs and outputs, views left out."""

    elements = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        y = func(*args, **(kwargs or {}))
        if not func.is_view:
            outputs = y if isinstance(y, tuple | list) else [y]
            inputs = [
                x
                for arg in args
                for x in (arg if isinstance(arg, list) else [arg])
            ]
            for x in (*inputs, *outputs):
                self.elements += x.numel() if isinstance(x, Tensor) else 0
        return y


def traffic(network: nn.Module, side: int = 224) -> int:
    with torch.device("meta"), torch.no_grad(), Traffic() as counter:
        network.eval()(torch.empty(1, 3, side, side))
    return counter.elements


# --8<-- [end:traffic]
# --8<-- [start:demo]
def measured(network: nn.Module) -> list[float]:
    """Millions of parameters, FLOPs and elements, for 224 × 224."""
    parameters = sum(p.numel() for p in network.parameters())
    costs = layer_costs(network, (3, 224, 224))
    flops = sum(layer.flops() for layer in costs)
    return [n / 1e6 for n in (parameters, flops, traffic(network))]


def main() -> None:
    print("in millions      parameters           FLOPs  elements moved")
    for layers in (18, 50):
        with torch.device("meta"):
            plain = measured(ResNet(layers))
            gated = {
                f"SE-ResNet-{layers}": measured(SEResNet(layers)),
                f"CBAM-ResNet-{layers}": measured(CBAMResNet(layers)),
            }
        row = "".join(f"{value:>9,.1f}        " for value in plain)
        print(f"{f'ResNet-{layers}':<14}{row.rstrip()}")
        for name, values in gated.items():
            print(f"{name:<14}", end="")
            for value, base in zip(values, plain, strict=True):
                more = f"+{100 * (value / base - 1):.2f}%"
                print(f"{value:>9,.1f} {more:>7}", end="")
            print()
    print("gates of SE-ResNet-50   parameters   share in the last stage")
    for reduction in (4, 8, 16, 32):
        stages = [count for count, _ in gates_of_resnet50("se", reduction)]
        share = stages[-1] / sum(stages)
        print(f"r = {reduction:<18}{sum(stages):>12,}   {share:.2f}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
