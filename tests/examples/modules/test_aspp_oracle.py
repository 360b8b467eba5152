"""ASPP against torchvision's, with the same weights and at full width."""

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torchvision.models.segmentation import deeplabv3, deeplabv3_resnet50

from examples.modules.aspp import ASPP, RATES
from tests.parity import TOLERANCE, module_differences

CASES = [
    (3, 4, (6, 12, 18), (2, 3, 9, 7)),
    (4, 3, (12, 24, 36), (3, 4, 13, 13)),
    (2, 2, (1, 2, 3, 4), (4, 2, 5, 8)),
]


def names(module: ASPP) -> dict[str, str]:
    """Their pooling is layer 0 of its branch, so the rest moves up by one."""
    last = f"branches.{len(module.branches) - 1}.unit."
    found = {}
    for name in module.state_dict():
        theirs = name.replace("branches.", "convs.")
        if name.startswith(last):
            index, tensor = name.removeprefix(last).split(".")
            head = last.replace("branches.", "convs.").removesuffix("unit.")
            theirs = f"{head}{int(index) + 1}.{tensor}"
        found[name] = theirs
    return found


@pytest.mark.usefixtures("float64")
def test_equals_torchvision(proof: Callable[..., None]) -> None:
    worst = {"forward": 0.0, "gradient": 0.0}
    for c, o, rates, shape in CASES:
        for training in (True, False):
            ours = ASPP(c, o, rates, dropout=0).train(training)
            theirs = deeplabv3.ASPP(c, rates, o).train(training)
            for layer in theirs.modules():
                if isinstance(layer, nn.Dropout):
                    layer.p = 0.0
            x = torch.randn(shape)
            found = module_differences(ours, theirs, [x], names(ours))
            worst = {k: max(worst[k], found[k]) for k in worst}
    assert max(worst.values()) < TOLERANCE
    proof(
        ours="ASPP",
        reference="torchvision.models.segmentation.deeplabv3.ASPP",
        case=f"{len(CASES)} shapes, train and eval",
        **worst,
    )


def test_state_is_that_inside_their_network() -> None:
    with torch.device("meta"):
        network = deeplabv3_resnet50(weights=None, weights_backbone=None)
        ours = ASPP(2048, rates=RATES[8])
    inside = network.classifier[0].state_dict()
    mine = {names(ours)[k]: v.shape for k, v in ours.state_dict().items()}
    assert mine == {k: v.shape for k, v in inside.items()}
