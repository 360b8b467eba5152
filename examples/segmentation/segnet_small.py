"""The SegNet of the comparison: on VGG-13 at a quarter of its width."""

from torch import nn

from examples.segmentation.segnet import SegNet

NAME = "SegNet"


def small(classes: int) -> nn.Module:
    return SegNet(classes, 16, 13)


def canonical() -> nn.Module:
    return SegNet()
