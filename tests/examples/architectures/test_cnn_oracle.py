"""VGG and ResNet against torchvision's, with the same weights."""

from collections.abc import Callable

import pytest
import torch
import torchvision
from torch import nn, randn
from torchvision.models.vgg import make_layers

from examples.architectures.cnn_checkpoint import resnet_names, vgg_names
from examples.architectures.resnet import RESNET_STAGES, ResNet
from examples.architectures.vgg import VGG
from tests.parity import TOLERANCE, module_differences

pytestmark = pytest.mark.usefixtures("float64")
Proof = Callable[..., None]


@pytest.mark.parametrize("norm", [False, True], ids=["plain", "BN"])
@pytest.mark.parametrize("layers", [11, 16])
def test_features_of_vgg_equal_torchvision(
    layers: int, norm: bool, proof: Proof
) -> None:
    plan: list[str | int] = []
    ours = VGG(layers, classes=0, width=4, norm=norm)
    for stage, width in zip(ours.stages, ours.channels, strict=False):
        convs = sum(isinstance(layer, nn.Conv2d) for layer in stage)
        plan += [width] * convs + ["M"]
    theirs = nn.ModuleDict({"features": make_layers(plan, batch_norm=norm)})
    theirs.forward = lambda x: theirs["features"](x)
    ours.forward = lambda x: ours.features(x)[-1]
    found = module_differences(
        ours, theirs, [randn(2, 3, 48, 67)], vgg_names(ours)
    )
    assert max(found.values()) < TOLERANCE
    proof(
        ours="VGG",
        reference="torchvision.models.vgg.make_layers",
        case=f"{layers} layers{', BN' if norm else ''}",
        **found,
    )


@pytest.mark.parametrize(
    ("layers", "stride", "training"),
    [(18, 32, True), (34, 32, False), (50, 8, True), (50, 16, False)],
)
def test_resnet_equals_torchvision(
    layers: int, stride: int, training: bool, proof: Proof
) -> None:
    dilated = [False, stride == 8, stride < 32]
    theirs = getattr(torchvision.models, f"resnet{layers}")(
        weights=None,
        num_classes=7,
        **({"replace_stride_with_dilation": dilated} if layers > 34 else {}),
    )
    ours = ResNet(layers, classes=7, output_stride=stride)
    ours.train(training)
    theirs.train(training)
    found = module_differences(
        ours, theirs, [randn(2, 3, 33, 47)], resnet_names(ours)
    )
    assert max(found.values()) < TOLERANCE
    mode = "train" if training else "eval"
    proof(
        ours="ResNet",
        reference=f"torchvision.models.resnet{layers}",
        case=f"{layers} layers, stride {stride}, {mode}",
        **found,
    )


@pytest.mark.parametrize("layers", [11, 13, 16, 19])
@pytest.mark.parametrize("norm", [False, True], ids=["plain", "BN"])
def test_whole_vgg_has_torchvisions_names_and_shapes(
    layers: int, norm: bool
) -> None:
    with torch.device("meta"):
        ours = VGG(layers, norm=norm)
        name = f"vgg{layers}{'_bn' if norm else ''}"
        theirs = getattr(torchvision.models, name)(weights=None)
    assert_same_shapes(ours, theirs, vgg_names(ours))


@pytest.mark.parametrize("layers", list(RESNET_STAGES))
def test_whole_resnet_has_torchvisions_names_and_shapes(layers: int) -> None:
    with torch.device("meta"):
        ours = ResNet(layers)
        theirs = getattr(torchvision.models, f"resnet{layers}")(weights=None)
    assert_same_shapes(ours, theirs, resnet_names(ours))


def assert_same_shapes(
    ours: nn.Module, theirs: nn.Module, names: dict[str, str]
) -> None:
    shapes = {
        name: tensor.shape for name, tensor in theirs.state_dict().items()
    }
    mine = {names[n]: tensor.shape for n, tensor in ours.state_dict().items()}
    assert mine == shapes
