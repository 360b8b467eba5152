"""Our Inception v3 against torchvision's, with the same weights.

torchvision builds its blocks by functions that it is given, so that its own
forward pass runs at a sixteenth of the width as well.
"""

from collections.abc import Callable
from functools import partial
from types import ModuleType

import pytest
import torch
import torchvision
from torch import nn, randn
from torchvision.models.inception import (
    BasicConv2d,
    Inception3,
    InceptionA,
    InceptionAux,
    InceptionB,
    InceptionC,
    InceptionD,
    InceptionE,
)

from examples.architectures import (
    inception_blocks,
    inception_parts,
    inception_torchvision,
    inception_v3,
)
from examples.architectures.inception_torchvision import (
    from_torchvision,
    torchvision_names,
)
from examples.architectures.inception_v3 import InceptionV3
from tests.examples.architectures.test_inception import noticed
from tests.examples.architectures.test_inception_oracle import compare
from tests.mutants import mutate
from tests.parity import TOLERANCE, gap, randomize

pytestmark = pytest.mark.usefixtures("float64")
Proof = Callable[..., None]


def thin(channels: int, out: int, **how: int) -> nn.Module:
    given = channels if channels == 3 else channels // 16
    return BasicConv2d(given, out // 16, **how)


def thin_head(channels: int, classes: int) -> nn.Module:
    head = InceptionAux(channels, classes, thin)
    head.fc = nn.Linear(48, classes)
    return head


def thin_v3(heads: bool) -> nn.Module:
    kinds = (InceptionA, InceptionB, InceptionC, InceptionD, InceptionE)
    blocks = [partial(kind, conv_block=thin) for kind in kinds]
    model = Inception3(
        7,
        aux_logits=heads,
        init_weights=False,
        inception_blocks=[thin, *blocks, thin_head],
    )
    model.fc = nn.Linear(128, 7)
    return model


@pytest.mark.parametrize(
    ("size", "heads", "training"),
    [
        ((299, 299), True, True),
        ((299, 299), True, False),
        ((123, 91), False, True),
        ((75, 75), False, False),
    ],
)
def test_thin_v3_equals_torchvision(
    size: tuple[int, int], heads: bool, training: bool, proof: Proof
) -> None:
    ours = InceptionV3(7, 2, heads)
    found = compare(
        ours,
        thin_v3(heads),
        randn(4, 3, *size),
        training,
        torchvision_names(ours),
    )
    assert max(found.values()) < TOLERANCE
    proof(
        ours="InceptionV3",
        reference="torchvision.models.inception_v3",
        case=f"width 2, {size[0]} × {size[1]}, "
        f"{'train' if training else 'eval'}",
        **found,
    )


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
def test_whole_v3_equals_torchvision(training: bool, proof: Proof) -> None:
    theirs = torchvision.models.inception_v3(
        weights=None, init_weights=False, num_classes=7, aux_logits=False
    )
    ours = InceptionV3(7, heads=False)
    found = compare(
        ours, theirs, randn(3, 3, 107, 107), training, torchvision_names(ours)
    )
    assert max(found.values()) < TOLERANCE
    proof(
        ours="InceptionV3",
        reference="torchvision.models.inception_v3",
        case=f"width 32, 107 × 107, {'train' if training else 'eval'}",
        **found,
    )


@pytest.mark.parametrize("heads", [True, False])
def test_v3_has_torchvisions_names_and_shapes(heads: bool) -> None:
    with torch.device("meta"):
        ours = InceptionV3(heads=heads)
        theirs = torchvision.models.inception_v3(
            weights=None, init_weights=False, aux_logits=heads
        )
    names = torchvision_names(ours)
    mine = {names[n]: t.shape for n, t in ours.state_dict().items()}
    assert mine == {n: t.shape for n, t in theirs.state_dict().items()}


def test_their_checkpoint_loads() -> None:
    theirs = thin_v3(True)
    randomize(theirs, seed=7)
    for heads in (True, False):
        ours = InceptionV3(7, 2, heads)
        from_torchvision(ours, theirs.state_dict())
        x = randn(2, 3, 91, 75)
        assert gap(ours.eval()(x), theirs.eval()(x)) < TOLERANCE


def test_their_input_is_rescaled_for_these_weights() -> None:
    """From ImageNet's mean and deviation to (x - 0.5) / 0.5."""
    theirs = thin_v3(False)
    theirs.transform_input = True
    x = torch.rand(2, 3, 9, 9)
    mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
    deviation = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
    found = theirs._transform_input((x - mean) / deviation)
    assert gap(found, (x - 0.5) / 0.5) < TOLERANCE


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        (inception_parts, "eps=1e-3", "eps=1e-5"),
        (inception_parts, "(kh // 2, kw // 2)", "(kw // 2, kh // 2)"),
        (
            inception_blocks,
            "padding=1)  #",
            "padding=1, count_include_pad=False)  #",
        ),
        (inception_blocks, "padding = 0 if stride", "padding = None if stride"),
        (
            inception_blocks,
            "row, column = (1, 7), (7, 1)",
            "row, column = (7, 1), (1, 7)",
        ),
        (
            inception_blocks,
            "nn.MaxPool2d(3, stride=2)",
            "nn.AvgPool2d(3, stride=2)",
        ),
        (inception_v3, "unit(w, 2 * w, 3)", "unit(w, 2 * w, 3, padding=0)"),
        (inception_v3, "unit(w, w, 3, padding=0)", "unit(w, w, 3)"),
        (inception_v3, "nn.AvgPool2d(5, stride=3)", "nn.AdaptiveAvgPool2d(5)"),
        (inception_v3, "head(maps[name])", "head(maps[name].detach())"),
        (
            inception_torchvision,
            '"branch7x7", "branch7x7dbl"',
            '"branch7x7dbl", "branch7x7"',
        ),
        (
            inception_torchvision,
            '"stem.1": "Conv2d_2a_3x3"',
            '"stem.1": "Conv2d_2b_3x3"',
        ),
    ],
)
def test_torchvision_notices_the_mutant(
    module: ModuleType,
    old: str,
    new: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mutant = mutate(module, old, new)
    kind, names = InceptionV3, torchvision_names
    if module is inception_v3:
        kind = mutant.InceptionV3
    elif module is inception_torchvision:
        names = mutant.torchvision_names
    else:
        users = (inception_blocks, inception_v3)
        for name in ("unit", "chain", *(f"block_{k}" for k in "abcde")):
            for user in users:
                if hasattr(mutant, name) and hasattr(user, name):
                    monkeypatch.setattr(user, name, getattr(mutant, name))
    ours, x = kind(7, 2), randn(2, 3, 299, 299)
    assert noticed(
        lambda: compare(ours, thin_v3(True), x, True, names(InceptionV3(7, 2)))
    )
