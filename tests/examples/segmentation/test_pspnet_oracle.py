"""PSPNet against pytorchcv's, with its names for the weights."""

from collections.abc import Callable

import pytest
import torch
from pytorchcv.models.pspnet import PSPNet as TheirPSPNet
from pytorchcv.models.pspnet import (
    pspnet_resnetd50b_ade20k,
    pspnet_resnetd50b_cityscapes,
    pspnet_resnetd101b_voc,
)
from pytorchcv.models.resnetd import ResNetD
from segmentation_models_pytorch import PSPNet as SmpPSPNet
from torch import Tensor, nn

from examples.segmentation.checkpoints import load_renamed
from examples.segmentation.pspnet import PSPNet
from examples.segmentation.pspnet_checkpoint import pytorchcv_names
from tests.parity import TOLERANCE, differences, randomize, transplant


def theirs_at(width: int, as_published: bool = False) -> nn.Module:
    """pytorchcv's, from its own parts, at another width.

    Its first block of a dilated stage keeps the dilation of the stage before,
    as torchvision's does; in the authors' files all blocks are alike.
    """
    units = [[4 * width * 2**i] * n for i, n in enumerate((3, 4, 6, 3))]
    backbone = ResNetD(units, width, True, False, bends=[3]).features
    del backbone[-1]
    if not as_published:
        for stage, rate in ((3, 2), (4, 4)):
            conv = backbone[stage].unit1.body.conv2.conv
            conv.dilation = conv.padding = (rate, rate)
    return TheirPSPNet(
        backbone, 32 * width, aux=True, fixed_size=False, num_classes=5
    )


def compare(
    ours: nn.Module, theirs: nn.Module, training: bool, x: Tensor
) -> dict[str, float]:
    randomize(ours)
    names = pytorchcv_names(ours)
    transplant(ours, theirs, names)
    ours.train(training)
    theirs.train(training)
    other = dict(theirs.named_parameters())

    def mine(x: Tensor) -> Tensor:
        torch.manual_seed(2)
        y = ours(x)
        return (y if isinstance(y, Tensor) else torch.cat(y)) / x.shape[2]

    def given(x: Tensor) -> Tensor:
        torch.manual_seed(2)
        main, aux = theirs(x)
        return (torch.cat([main, aux]) if training else main) / x.shape[2]

    pairs = [
        (p, other[names[n]])
        for n, p in ours.named_parameters()
        if training or not n.startswith("aux")
    ]
    found = differences(mine, given, [x], pairs)
    # Summed over thousands of pixels, gradients would be of order 1000
    return found | {"forward": found["forward"] * x.shape[2]}


@pytest.mark.usefixtures("float64")
def test_equals_pytorchcv(proof: Callable[..., None]) -> None:
    worst = {"forward": 0.0, "gradient": 0.0}
    for training, shape in (
        (True, (4, 3, 65, 48)),
        (False, (1, 3, 40, 97)),
        (True, (4, 3, 32, 33)),
    ):
        x = torch.randn(shape) + 3 * torch.randn(*shape[:2], 1, 1)
        found = compare(PSPNet(50, 5, 4), theirs_at(4), training, x)
        worst = {k: max(worst[k], found[k]) for k in worst}
    assert max(worst.values()) < TOLERANCE, worst
    proof(
        ours="PSPNet, 50",
        reference="pytorchcv.models.pspnet.PSPNet",
        case="width 4, train and eval",
        **worst,
    )


@pytest.mark.usefixtures("float64")
def test_two_dilations_are_all_that_differs() -> None:
    x = torch.randn(1, 3, 65, 65)
    found = compare(PSPNet(50, 5, 2), theirs_at(2, True), False, x)
    assert found["forward"] > 1e-3


@pytest.mark.parametrize(
    ("layers", "classes", "build"),
    [
        (50, 19, pspnet_resnetd50b_cityscapes),
        (50, 150, pspnet_resnetd50b_ade20k),
        (101, 21, pspnet_resnetd101b_voc),
    ],
)
def test_names_and_shapes_are_those_of_the_public_file(
    layers: int, classes: int, build: Callable[..., nn.Module]
) -> None:
    with torch.device("meta"):
        ours, theirs = PSPNet(layers, classes), build()
    public = {k: v.shape for k, v in theirs.state_dict().items()}
    mine = {
        pytorchcv_names(ours)[k]: v.shape for k, v in ours.state_dict().items()
    }
    assert mine == public


def test_a_state_with_public_names_loads() -> None:
    model, other = PSPNet(50, 5, 2), theirs_at(2)
    randomize(other)
    load_renamed(model, other.state_dict(), pytorchcv_names(model))
    x = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(model.eval()(x), other.eval()(x)[0])


def test_smp_reads_stage_2_and_has_half_the_weights() -> None:
    """What the page tells of its differences, as built by default."""
    with torch.device("meta"):
        theirs = SmpPSPNet("resnet50", encoder_weights=None, classes=19)
    count = sum(p.numel() for p in theirs.parameters())
    assert count == 24_383_955 < 0.5 * 49_080_038
    psp = theirs.decoder.psp
    assert psp.blocks[0].pool[1][0].in_channels == 512  # not 2048
    kinds = [{type(m) for m in block.modules()} for block in psp.blocks]
    assert [nn.BatchNorm2d in k for k in kinds] == [False, True, True, True]
    convs = [m for m in theirs.encoder.modules() if isinstance(m, nn.Conv2d)]
    assert {c.dilation for c in convs} == {(1, 1)}
    assert theirs.decoder.conv[0].kernel_size == (1, 1)
    assert isinstance(theirs.decoder.dropout, nn.Dropout2d)
