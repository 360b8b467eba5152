"""The U-Net of the comparison: an eighth of the width, padded, with BN."""

from torch import nn

from examples.segmentation.unet import UNet

NAME = "U-Net"


def small(classes: int) -> nn.Module:
    return UNet(3, classes, width=8, padding=1, norm=True, dropout=0.1)


def canonical() -> nn.Module:
    return UNet(3, 21, padding=1)
