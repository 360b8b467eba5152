"""The residual blocks against torchvision's, with the same weights."""

from collections.abc import Callable

import pytest
from torch import nn, randn
from torchvision.models.resnet import BasicBlock
from torchvision.models.resnet import Bottleneck as TheirBottleneck

from examples.modules.residual import Bottleneck, ResidualBlock
from tests.parity import TOLERANCE, module_differences

pytestmark = pytest.mark.usefixtures("float64")
LAYERS = {"0": "conv1", "1": "bn1", "3": "conv2", "4": "bn2"}
DEEP = LAYERS | {"6": "conv3", "7": "bn3"}


def names(block: nn.Module) -> dict[str, str]:
    """``branch.3.weight`` is their ``conv2.weight``."""
    layers = DEEP if isinstance(block, Bottleneck) else LAYERS
    found = {}
    for name in block.state_dict():
        part, index, tensor = name.split(".")
        theirs = layers[index] if part == "branch" else f"downsample.{index}"
        found[name] = f"{theirs}.{tensor}"
    return found


def projection(channels: int, out: int, stride: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out)
    )


@pytest.mark.parametrize(
    ("ours", "theirs", "reference"),
    [
        (
            lambda: ResidualBlock(6, 6),
            lambda: BasicBlock(6, 6),
            "torchvision.models.resnet.BasicBlock",
        ),
        (
            lambda: ResidualBlock(4, 6, 2),
            lambda: BasicBlock(4, 6, 2, projection(4, 6, 2)),
            "torchvision.models.resnet.BasicBlock",
        ),
        (
            lambda: Bottleneck(8, 2),
            lambda: TheirBottleneck(8, 2),
            "torchvision.models.resnet.Bottleneck",
        ),
        (
            lambda: Bottleneck(6, 3, 2),
            lambda: TheirBottleneck(6, 3, 2, projection(6, 12, 2)),
            "torchvision.models.resnet.Bottleneck",
        ),
    ],
    ids=["basic", "basic, stride 2", "bottleneck", "bottleneck, stride 2"],
)
def test_blocks_equal_torchvision(
    ours: Callable[[], nn.Module],
    theirs: Callable[[], nn.Module],
    reference: str,
    proof: Callable[..., None],
    request: pytest.FixtureRequest,
) -> None:
    worst: dict[str, float] = {}
    for training in (True, False):
        block, other = ours().train(training), theirs().train(training)
        x = randn(2, block.in_channels, 9, 7)
        found = module_differences(block, other, [x], names(block))
        for side, gap in found.items():
            worst[side] = max(worst.get(side, 0.0), gap)
    assert max(worst.values()) < TOLERANCE
    proof(
        ours=type(block).__name__,
        reference=reference,
        case=f"{request.node.callspec.id}, train and eval",
        **worst,
    )
