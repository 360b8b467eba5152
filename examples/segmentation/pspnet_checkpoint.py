"""Load public weights into PSPNet: of the authors' semseg, and pytorchcv.

    ours                          semseg                 pytorchcv
    backbone.stem.3.weight        layer0.3.weight        backbone.0.conv2.…
    backbone.stages.3.0.branch.3  layer4.0.conv2         backbone.4.unit1.…
    pyramid.levels.0.1.weight     ppm.features.0.1.…     pool.branches.…
    classifier.0.weight           cls.0.weight           final_block.conv1.…
    aux_classifier.4.weight       aux.4.weight           aux_block.conv2.…

``load_renamed`` takes the names. Files of semseg prefix every name by
``module.``, which goes first. The Caffe files stack the levels in the order
6, 3, 2, 1: ``from_caffe_order`` turns the kernel that reads them.
"""

import torch
from torch import Tensor

from examples.segmentation.pspnet import PYRAMID_BINS, PSPNet

CONVS = {"0": "conv1", "3": "conv2", "6": "conv3"}
NORMS = {"1": "conv1", "4": "conv2", "7": "conv3"}


# --8<-- [start:semseg]
def block_name(key: str) -> str:
    """A layer of the four stages, as torchvision and semseg call it."""
    _, stage, block, side, place, leaf = key.split(".")
    kind = "conv" if place in CONVS else "bn"
    layer = f"{kind}{int(place) // 3 + 1}"
    if side == "shortcut":
        layer = f"downsample.{place}"
    return f"layer{int(stage) + 1}.{block}.{layer}.{leaf}"


def semseg_names(model: PSPNet) -> dict[str, str]:
    heads = {"classifier": "cls", "aux_classifier": "aux"}
    names = {}
    for key in model.state_dict():
        part, _, rest = key.partition(".")
        if part == "pyramid":
            name = rest.replace("levels", "ppm.features", 1)
        elif part in heads:
            name = f"{heads[part]}.{rest}"
        elif rest.startswith("stem"):
            name = rest.replace("stem", "layer0", 1)
        else:
            name = block_name(rest)
        names[key] = name
    return names


# --8<-- [end:semseg]
def cv_layer(place: str, leaf: str) -> str:
    """Convolutions and their norms, three to a block of pytorchcv."""
    kind = "conv" if place in CONVS else "bn"
    return f"{(CONVS | NORMS)[place]}.{kind}.{leaf}"


def pytorchcv_names(model: PSPNet) -> dict[str, str]:
    heads = {"classifier": "final_block", "aux_classifier": "aux_block"}
    names = {}
    for key in model.state_dict():
        part, *rest, leaf = key.split(".")
        if part == "pyramid":
            level, place = int(rest[1]), rest[2]
            kind = "conv" if place == "1" else "bn"
            name = f"pool.branches.branch{level + 2}.conv.{kind}.{leaf}"
        elif part in heads:
            last = f"conv2.{leaf}"
            name = last if rest[0] == "4" else cv_layer(rest[0], leaf)
            name = f"{heads[part]}.{name}"
        elif rest[0] == "stem":
            name = f"backbone.0.{cv_layer(rest[1], leaf)}"
        else:
            _, stage, block, side, place = rest
            unit = f"backbone.{int(stage) + 1}.unit{int(block) + 1}"
            inner = f"body.{cv_layer(place, leaf)}"
            if side == "shortcut":
                kind = "conv" if place == "0" else "bn"
                inner = f"identity_conv.{kind}.{leaf}"
            name = f"{unit}.{inner}"
        names[key] = name
    return names


# --8<-- [start:caffe]
def from_caffe_order(weight: Tensor) -> Tensor:  # (o, 2 c, 3, 3)
    """The map itself first, then its levels from fine to coarse there."""
    x, levels = weight.chunk(2, dim=1)
    return torch.cat([x, *reversed(levels.chunk(len(PYRAMID_BINS), 1))], 1)


# --8<-- [end:caffe]
