"""SE-ResNet and CBAM-ResNet: a gate on every branch, before the sum.

    y = relu(x + gate(F(x)))

The networks are ResNets whose blocks end their branch with a gate, behind
the last BN; nothing else changes. With reduction 16 and 1000 classes
SE-ResNet-50 has 28,088,024 parameters and CBAM-ResNet-50 28,089,624.

Shapes: x (b, 3, h, w); logits (b, k). Raises ValueError as ``ResNet`` and
the gates do.
"""

from collections.abc import Callable

from torch import nn

from examples.architectures.resnet import ResNet
from examples.modules.convolutional_attention import CBAM, SEBlock


# --8<-- [start:insert]
def add_gates(
    network: ResNet,
    make_gate: Callable[[int], nn.Module],
) -> None:
    """``make_gate`` is told the channels of each branch."""
    for i, stage in enumerate(network.stages):
        for block in stage.children():
            block.branch.append(make_gate(network.channels[i + 1]))


class SEResNet(ResNet):
    def __init__(
        self,
        layers: int = 50,
        classes: int = 1000,
        width: int = 64,
        reduction: int = 16,
        in_channels: int = 3,
    ) -> None:
        super().__init__(layers, classes, width, in_channels=in_channels)
        add_gates(self, lambda channels: SEBlock(channels, reduction))


class CBAMResNet(ResNet):
    def __init__(
        self,
        layers: int = 50,
        classes: int = 1000,
        width: int = 64,
        reduction: int = 16,
        in_channels: int = 3,
    ) -> None:
        super().__init__(layers, classes, width, in_channels=in_channels)
        add_gates(self, lambda channels: CBAM(channels, reduction))


# --8<-- [end:insert]
