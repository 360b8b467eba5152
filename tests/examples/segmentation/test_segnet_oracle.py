"""SegNet against pytorchcv's, with its names for the weights."""

from collections.abc import Callable

import pytest
import torch
from pytorchcv.models.segnet import SegNet as TheirSegNet
from pytorchcv.models.segnet import segnet_cityscapes
from torch import nn

from examples.segmentation.checkpoints import load_renamed
from examples.segmentation.segnet import SegNet
from examples.segmentation.segnet_checkpoint import pytorchcv_names
from tests.parity import TOLERANCE, module_differences, randomize

K = 5


def theirs_at(width: int) -> nn.Module:
    widths = [width * n for n in (1, 2, 4, 8, 8)]
    back = [*widths[-2::-1], widths[0]]
    layers = [[3, 3, 4, 4, 4], [4, 4, 4, 3, 2]]
    return TheirSegNet([widths, back], layers, num_classes=K)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("training", [True, False])
def test_equals_pytorchcv(training: bool, proof: Callable[..., None]) -> None:
    worst = {"forward": 0.0, "gradient": 0.0}
    for shape in ((2, 3, 64, 32), (1, 3, 32, 96)):
        ours, theirs = SegNet(K, 4), theirs_at(4)
        found = module_differences(
            ours.train(training),
            theirs.train(training),
            [torch.randn(shape)],
            pytorchcv_names(ours),
        )
        worst = {k: max(worst[k], found[k]) for k in worst}
    assert max(worst.values()) < TOLERANCE, worst
    proof(
        ours="SegNet, " + ("train" if training else "eval"),
        reference="pytorchcv.models.segnet.SegNet",
        case="width 4, 2 sizes",
        **worst,
    )


def test_names_and_shapes_are_theirs() -> None:
    with torch.device("meta"):
        ours, theirs = SegNet(19), segnet_cityscapes(num_classes=19)
    assert sum(p.numel() for p in ours.parameters()) == 29_453_971
    names = pytorchcv_names(ours)
    mine = {names[k]: v.shape for k, v in ours.state_dict().items()}
    assert mine == {k: v.shape for k, v in theirs.state_dict().items()}


def test_a_state_with_their_names_loads() -> None:
    model, other = SegNet(K, 2), theirs_at(2)
    randomize(other)
    load_renamed(model, other.state_dict(), pytorchcv_names(model))
    x = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(model.eval()(x), other.eval()(x))


def test_they_need_sides_that_32_divides() -> None:
    """They round down and tell unpooling no size; we fit every image."""
    x = torch.randn(1, 3, 45, 64)
    assert SegNet(K, 2).eval()(x).shape == (1, K, 45, 64)
    with pytest.raises(RuntimeError, match="shape"):
        theirs_at(2).eval()(x)
