"""Load public weights into FCN: of pytorch-fcn, torchvision and VGG-16.

    ours                            theirs
    backbone.stages.1.2.weight      conv2_2.weight           pytorch-fcn
    classifier.0.weight             fc6.weight               pytorch-fcn
    ups.1.weight                    upscore_pool4.weight     pytorch-fcn
    backbone.stem.0.weight          backbone.conv1.weight    torchvision

``load_renamed`` takes the names. A VGG classifies maps of 7 × 7 by linear
layers; as convolutions they have the same numbers in another shape.
"""

import torch
from torch import nn

from examples.architectures.cnn_checkpoint import resnet_names
from examples.architectures.vgg import VGG
from examples.segmentation.fcn import FCN
from examples.segmentation.fcn_resnet import FCNResNet

UPS = {
    1: ("upscore",),
    2: ("upscore2", "upscore16"),
    3: ("upscore2", "upscore_pool4", "upscore8"),
}
DENSE = {"0": "fc6", "3": "fc7", "6": "score_fr"}


# --8<-- [start:names]
def torchfcn_names(model: FCN) -> dict[str, str]:
    """Ours to those of wkentaro/pytorch-fcn, made from the authors'."""
    names = {}
    for key in model.state_dict():
        part, *rest, leaf = key.split(".")
        if part == "backbone":
            stage, layer = int(rest[1]), int(rest[2]) // 2
            name = f"conv{stage + 1}_{layer + 1}"
        elif part == "classifier":
            name = DENSE[rest[0]]
        elif part == "scores":
            name = f"score_pool{4 - int(rest[0])}"
        else:
            name = UPS[len(model.ups)][int(rest[0])]
        names[key] = f"{name}.{leaf}"
    return names


def torchvision_names(model: FCNResNet) -> dict[str, str]:
    inner = resnet_names(model.backbone)
    return {
        key: f"backbone.{inner[key.removeprefix('backbone.')]}"
        if key.startswith("backbone.")
        else key
        for key in model.state_dict()
    }


# --8<-- [end:names]
# --8<-- [start:convolutionalize]
@torch.no_grad()
def convolutionalize(linear: nn.Module, conv: nn.Module) -> None:
    """The same numbers: a row of weights is a kernel laid out flat."""
    conv.weight.copy_(linear.weight.view_as(conv.weight))
    conv.bias.copy_(linear.bias)


def from_classifier(model: FCN, vgg: VGG) -> None:
    """All but the last of its layers; the scores stay at zero."""
    model.backbone.stages.load_state_dict(vgg.stages.state_dict())
    for layer in ("0", "3"):
        linear = vgg.classifier.get_submodule(layer)
        convolutionalize(linear, model.classifier.get_submodule(layer))


# --8<-- [end:convolutionalize]
