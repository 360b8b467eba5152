"""Our GoogLeNet against torchvision's, with the same weights.

torchvision builds its blocks by functions that it is given, so that its own
forward pass runs at an eighth of the width as well.
"""

from collections.abc import Callable
from types import ModuleType

import pytest
import torch
import torchvision
from torch import Tensor, nn, randn
from torchvision.models.googlenet import BasicConv2d, InceptionAux
from torchvision.models.googlenet import GoogLeNet as TheirGoogLeNet
from torchvision.models.googlenet import Inception as TheirInception

from examples.architectures import (
    inception,
    inception_parts,
    inception_torchvision,
)
from examples.architectures.inception_torchvision import (
    TorchvisionGoogLeNet,
    from_torchvision,
    torchvision_names,
)
from tests.examples.architectures.test_inception import noticed
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap, randomize, transplant

pytestmark = pytest.mark.usefixtures("float64")
Proof = Callable[..., None]


def thin(channels: int, out: int, **how: int) -> nn.Module:
    given = channels if channels == 3 else channels // 8
    return BasicConv2d(given, out // 8, **how)


def thin_block(*widths: int) -> nn.Module:
    return TheirInception(*widths, conv_block=thin)


def thin_head(channels: int, classes: int, dropout: float) -> nn.Module:
    head = InceptionAux(channels, classes, thin, dropout)
    head.fc1, head.fc2 = nn.Linear(256, 128), nn.Linear(128, classes)
    return head


def thin_googlenet(heads: bool) -> nn.Module:
    model = TheirGoogLeNet(
        7,
        aux_logits=heads,
        init_weights=False,
        blocks=[thin, thin_block, thin_head],
    )
    model.fc = nn.Linear(128, 7)
    return model


def compare(
    ours: nn.Module,
    theirs: nn.Module,
    x: Tensor,
    training: bool,
    names: dict[str, str],
) -> dict[str, float]:
    for model in (ours, theirs):
        model.train(training)
        for layer in model.modules():
            if isinstance(layer, nn.Dropout):
                layer.p = 0.0
    randomize(ours)
    transplant(ours, theirs, names)
    parameters = dict(theirs.named_parameters())
    pairs = [
        (p, parameters[names[n]])
        for n, p in ours.named_parameters()
        if training or not n.startswith("heads.")
    ]

    def run(x: Tensor) -> Tensor:
        found = theirs(x)
        if isinstance(found, Tensor):
            return found
        main, *heads = found  # the last head first
        return torch.cat([main, *heads[::-1]], 1)

    found = differences(
        lambda x: torch.cat(ours.all_logits(x), 1) if training else ours(x),
        run,
        [x],
        pairs,
    )
    state = theirs.state_dict()  # running statistics after the pass
    for name, value in ours.state_dict().items():
        assert gap(value.double(), state[names[name]].double()) < TOLERANCE
    return found


@pytest.mark.parametrize("size", [(32, 32), (97, 70), (224, 224)])
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
def test_thin_googlenet_equals_torchvision(
    size: tuple[int, int], training: bool, proof: Proof
) -> None:
    ours, x = TorchvisionGoogLeNet(7, 8), randn(4, 3, *size)
    names = torchvision_names(ours)
    found = compare(ours, thin_googlenet(True), x, training, names)
    assert max(found.values()) < TOLERANCE
    proof(
        ours="TorchvisionGoogLeNet",
        reference="torchvision.models.googlenet",
        case=f"width 8, {size[0]} × {size[1]}, "
        f"{'train' if training else 'eval'}",
        **found,
    )


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
def test_whole_googlenet_equals_torchvision(
    training: bool, proof: Proof
) -> None:
    theirs = torchvision.models.googlenet(
        weights=None, init_weights=False, num_classes=7
    )
    ours, x = TorchvisionGoogLeNet(7), randn(3, 3, 64, 48)
    found = compare(ours, theirs, x, training, torchvision_names(ours))
    assert max(found.values()) < TOLERANCE
    proof(
        ours="TorchvisionGoogLeNet",
        reference="torchvision.models.googlenet",
        case=f"width 64, {'train' if training else 'eval'}",
        **found,
    )


@pytest.mark.parametrize("heads", [True, False])
def test_googlenet_has_torchvisions_names_and_shapes(heads: bool) -> None:
    with torch.device("meta"):
        ours = TorchvisionGoogLeNet(heads=heads)
        theirs = torchvision.models.googlenet(
            weights=None, init_weights=False, aux_logits=heads
        )
    rates = [
        [m.p for m in model.modules() if isinstance(m, nn.Dropout)]
        for model in (ours, theirs)
    ]
    assert rates[0] == rates[1]
    names = torchvision_names(ours)
    mine = {names[n]: t.shape for n, t in ours.state_dict().items()}
    assert mine == {n: t.shape for n, t in theirs.state_dict().items()}


def test_their_checkpoint_loads() -> None:
    theirs = thin_googlenet(True)
    randomize(theirs, seed=7)
    for heads in (True, False):
        ours = TorchvisionGoogLeNet(7, 8, heads)
        from_torchvision(ours, theirs.state_dict())
        x = randn(2, 3, 64, 64)
        assert gap(ours.eval()(x), theirs.eval()(x)) < TOLERANCE


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        (inception_parts, "eps=1e-3", "eps=1e-5"),
        (inception_parts, "conv, *norms, nn.ReLU()", "conv, *norms"),
        (inception, "nn.MaxPool2d(3, 1, 1)", "nn.AvgPool2d(3, 1, 1)"),
        (inception, '"4a": halve()', '"4b": halve()'),
        (inception, "ceil_mode=True", "ceil_mode=False"),
        (inception, "u(3, width, 7, 2)", "u(3, width, 7, 2, 2)"),
        (
            inception,
            "nn.ReLU(),\n            nn.D",
            "nn.Identity(),\n            nn.D",
        ),
        (inception_torchvision, "nn.MaxPool2d(2,", "nn.MaxPool2d(3,"),
        (inception_torchvision, "AdaptiveAvgPool2d(4)", "AvgPool2d(5, 3)"),
        (inception_torchvision, "norm = 3, True", "norm = 5, True"),
        (inception_torchvision, '"aux1.fc2"', '"aux2.fc2"'),
        (inception_torchvision, "branch{i + 1}", "branch{4 - i}"),
    ],
)
def test_torchvision_notices_the_mutant(
    module: ModuleType,
    old: str,
    new: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mutant = mutate(module, old, new)
    if module is inception_parts:
        for name in ("unit", "Parallel"):
            monkeypatch.setattr(inception, name, getattr(mutant, name))
    names = mutant if module is inception_torchvision else inception_torchvision
    kind = names.TorchvisionGoogLeNet
    if module is inception:  # the variant, of the mutated network

        class Variant(mutant.GoogLeNet):
            large, norm = 3, True
            __init__ = rebuilt(TorchvisionGoogLeNet, mutant.GoogLeNet)

        kind = Variant
    ours, x = kind(7, 8), randn(2, 3, 224, 224)
    assert noticed(
        lambda: compare(
            ours, thin_googlenet(True), x, True, names.torchvision_names(ours)
        )
    )


def rebuilt(variant: type, base: type) -> Callable[..., None]:
    """What the variant changes, on another base."""

    def init(self: nn.Module, classes: int, width: int) -> None:
        base.__init__(self, classes, width)
        made = variant(classes, width)
        self.pools["5a"] = made.pools["5a"]
        for name, head in self.heads.items():
            head.pool = made.heads[name].pool

    return init
