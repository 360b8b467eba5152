"""FCN on ResNet against torchvision's, with its names for the weights."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.resnet import Bottleneck, ResNet
from torchvision.models.segmentation import fcn_resnet50, fcn_resnet101
from torchvision.models.segmentation.fcn import FCN as TheirFCN
from torchvision.models.segmentation.fcn import FCNHead

from examples.segmentation.checkpoints import load_renamed
from examples.segmentation.fcn_checkpoint import torchvision_names
from examples.segmentation.fcn_resnet import FCNResNet
from tests.parity import TOLERANCE, differences, randomize, transplant


class Narrow(ResNet):
    """torchvision's, from its own parts, at another width."""

    def __init__(self, width: int) -> None:
        nn.Module.__init__(self)
        self._norm_layer = nn.BatchNorm2d
        self.inplanes, self.dilation = width, 1
        self.groups, self.base_width = 1, 64
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1, self.relu = nn.BatchNorm2d(width), nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        for i, blocks in enumerate((3, 4, 6, 3)):
            stage = self._make_layer(
                Bottleneck, width * 2**i, blocks, 1 + (i > 0), dilate=i > 1
            )
            setattr(self, f"layer{i + 1}", stage)


def theirs_at(width: int) -> nn.Module:
    layers = {"layer4": "out", "layer3": "aux"}
    return TheirFCN(
        IntermediateLayerGetter(Narrow(width), layers),
        FCNHead(32 * width, 5),
        FCNHead(16 * width, 5),
    )


@pytest.mark.usefixtures("float64")
def test_equals_torchvision(proof: Callable[..., None]) -> None:
    worst = {"forward": 0.0, "gradient": 0.0}
    for training in (True, False):
        ours = FCNResNet(50, 5, 4).train(training)
        theirs = theirs_at(4).train(training)
        randomize(ours)
        names = torchvision_names(ours)
        transplant(ours, theirs, names)
        other = dict(theirs.named_parameters())

        def mine(x: Tensor, model: nn.Module = ours) -> Tensor:
            torch.manual_seed(2)
            y = model(x)
            return y if isinstance(y, Tensor) else torch.cat(y)

        def given(
            x: Tensor, model: nn.Module = theirs, training: bool = training
        ) -> Tensor:
            torch.manual_seed(2)
            y = model(x)
            return torch.cat([y["out"], y["aux"]]) if training else y["out"]

        pairs = [
            (p, other[names[n]])
            for n, p in ours.named_parameters()
            if training or not n.startswith("aux")
        ]
        found = differences(mine, given, [torch.randn(2, 3, 65, 48)], pairs)
        worst = {k: max(worst[k], found[k]) for k in worst}
    assert max(worst.values()) < TOLERANCE, worst
    proof(
        ours="FCNResNet, 50",
        reference="torchvision.models.segmentation.FCN",
        case="width 4, train and eval",
        **worst,
    )


@pytest.mark.parametrize(
    ("layers", "build", "published"),
    [(50, fcn_resnet50, 35_322_218), (101, fcn_resnet101, 54_314_346)],
)
def test_names_and_shapes_are_those_of_the_public_file(
    layers: int, build: Callable[..., nn.Module], published: int
) -> None:
    with torch.device("meta"):
        ours = FCNResNet(layers)
        theirs = build(
            weights=None, weights_backbone=None, num_classes=21, aux_loss=True
        )
    assert sum(p.numel() for p in ours.parameters()) == published
    public = {k: v.shape for k, v in theirs.state_dict().items()}
    mine = {
        torchvision_names(ours)[k]: v.shape
        for k, v in ours.state_dict().items()
    }
    assert mine == public


def test_a_state_with_public_names_loads() -> None:
    model, other = FCNResNet(50, 5, 2), theirs_at(2)
    randomize(other)
    load_renamed(model, other.state_dict(), torchvision_names(model))
    x = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(model.eval()(x), other.eval()(x)["out"])
