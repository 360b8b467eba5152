"""The FCN-8s of the comparison: VGG-11 at a quarter of its width, with BN."""

from torch import nn

from examples.segmentation.fcn import FCN

NAME = "FCN-8s"


def small(classes: int) -> nn.Module:
    return FCN(8, classes, 16, True, 11, norm=True, hidden=64, dropout=0.1)


def canonical() -> nn.Module:
    return FCN(8)
