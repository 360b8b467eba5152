"""The PSPNet of the comparison: ResNet-18 at a quarter of its width."""

from torch import nn

from examples.segmentation.pspnet import PSPNet

NAME = "PSPNet"


def small(classes: int) -> nn.Module:
    return PSPNet(18, classes, 16)


def canonical() -> nn.Module:
    return PSPNet(50, 21)
