"""The SegFormer of the comparison: B0 at half of its width."""

from torch import nn

from examples.segmentation.segformer import SegFormer, segformer
from examples.segmentation.segformer_mit import MiT

NAME = "SegFormer"


def small(classes: int) -> nn.Module:
    return SegFormer(MiT((16, 32, 80, 128)), 128, classes)


def canonical() -> nn.Module:
    return segformer("b0")
