"""What the small networks showed, on other seeds and in what is stored."""

from collections.abc import Callable
from pathlib import Path

import experiments
import pytest
import torch
from torch import Tensor, nn

from examples.architectures import (
    inception_muting,
    inception_supervision,
    inception_training,
)
from examples.architectures.inception_heads import (
    STARTS,
    fresh,
    gradient_sizes,
)
from examples.architectures.inception_loss import joint_loss
from examples.architectures.inception_muting import (
    EACH,
    losses_when_muted,
    readers,
    shares,
    usage,
)
from examples.architectures.inception_small import (
    SmallInception,
    small_accuracy,
    train_small,
)
from examples.architectures.inception_supervision import KINDS, supervised
from examples.architectures.inception_training import VARIANTS, variant
from examples.modules.residual_depth import digits
from tests.mutants import mutate
from tests.parity import TOLERANCE, gap, randomize


def stored(module: object) -> dict[str, dict]:
    kept = experiments.stored(Path(str(getattr(module, "__file__", ""))))
    return {row: record["values"] for row, record in kept.items()}


def test_plain_blocks_cost_more_and_narrow_ones_the_same() -> None:
    kept = stored(inception_training)
    macs = {name: values["macs"] for name, values in kept.items()}
    right = {name: values["accuracy"] for name, values in kept.items()}
    assert 3.8 < macs["plain"] / macs["reduced"] < 3.9
    assert 0.98 < macs["narrow"] / macs["reduced"] < 1
    assert abs(right["narrow"] - right["reduced"]) < 0.01  # a tie
    assert 0 < right["plain"] - right["reduced"] < 0.02
    assert kept["narrow"]["highest"] > kept["reduced"]["lowest"]


def test_heads_rescue_a_bad_start_and_regularize_with_bn() -> None:
    kept = stored(inception_supervision)
    gains = {k: v["right"] - v["right_without"] for k, v in kept.items()}
    ahead = {k: v["ahead"] for k, v in kept.items()}
    for kind in ("bn_both", "bn_one"):
        row = kept[kind]
        assert abs(row["early"] - row["early_without"]) < 0.02
        assert abs(row["late"] - row["late_without"]) < 0.02
        assert 0.004 < gains[kind] < 0.02
    assert ahead["bn_both"] == 9 and ahead["bn_one"] == 8
    assert ahead["he_both"] == 6
    bad = kept["default_both"]
    assert abs(bad["early"] - bad["early_without"]) < 0.01
    assert ahead["default_both"] == 9 and gains["default_both"] > 0.1
    assert bad["late"] < bad["late_without"] - 0.3
    assert bad["right"] < kept["he_both"]["right_without"] - 0.3


@pytest.mark.parametrize("kind", KINDS)
def test_pairs_start_alike(kind: str) -> None:
    without, with_heads = (supervised(kind, 3, flag) for flag in (False, True))
    theirs = with_heads.state_dict()
    for name, value in without.state_dict().items():
        assert torch.equal(value, theirs[name])
    assert len(with_heads.heads) == len(KINDS[kind][2])
    assert not len(without.heads)


@pytest.mark.parametrize("module", [inception_training, inception_supervision])
def test_a_row_is_measured(
    module: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, short in (("RUNS", 1), ("SEEDS", 1)):
        if hasattr(module, name):
            monkeypatch.setattr(module, name, range(short))
    for name in ("LONG", "EPOCHS"):
        if hasattr(module, name):
            monkeypatch.setattr(module, name, 1)
    row = module.rows()[0]
    found = module.measure(row)
    assert found.keys() == stored(module)[row].keys()
    numbers = [v for v in found.values() if isinstance(v, float)]
    assert all(0 < v < 3 for v in numbers)


@pytest.mark.parametrize("name", VARIANTS)
def test_variants_have_their_kernels(name: str) -> None:
    model, plain = variant(name, 0), VARIANTS[name][1]
    kernels = [
        tuple(m.kernel_size)
        for m in model.blocks[1].modules()
        if isinstance(m, nn.Conv2d)
    ]
    ones = kernels.count((1, 1))
    assert (ones, kernels.count((3, 3)), kernels.count((5, 5))) == (
        2 if plain else 4,
        1,
        1,
    )


def test_small_network_is_a_chain_of_its_blocks() -> None:
    model = SmallInception((1, 2), heads=(1,)).eval()
    x = torch.randn(3, 1, 8, 8)
    y = model.blocks[0](model.stem(x))
    second = model.blocks[1](nn.functional.max_pool2d(y, 2))
    last = model.blocks[2](second)
    main, head = model.all_logits(x)
    assert torch.equal(head, model.heads["1"](second))
    assert torch.equal(main, model.classifier(last))
    assert torch.equal(model(x), main)


@pytest.mark.usefixtures("float64")
def test_losses_of_training_are_those_of_the_classifier() -> None:
    """One step by hand: the heads move the weights, not what is noted."""
    torch.manual_seed(1)
    model = SmallInception((1, 1), heads=(0,)).train()
    x, y = (t[:1024] for t in digits())
    torch.manual_seed(4)
    chosen = torch.randperm(1024).split(64)[0]
    twin = SmallInception((1, 1), heads=(0,)).train()
    twin.load_state_dict(model.state_dict())
    with torch.no_grad():
        expected = nn.functional.cross_entropy(twin(x[chosen]), y[chosen])
    assert abs(train_small(model, 4, 1)[0] - float(expected)) < TOLERANCE
    pairs = zip(model.heads.parameters(), twin.heads.parameters(), strict=True)
    assert all(not torch.equal(a, b) for a, b in pairs)


@pytest.mark.usefixtures("float64")
def test_gradients_of_both_losses_add_up() -> None:
    model = fresh("He", 5)
    x, y = (t[:128] for t in digits())
    inputs: list[Tensor] = []
    model.blocks[1].register_forward_pre_hook(
        lambda _m, given: inputs.append(given[0])
    )
    found = model.all_logits(x)
    for loss, sizes in zip(
        (
            joint_loss(found[:1], y),
            joint_loss(found, y) - joint_loss(found[:1], y),
        ),
        gradient_sizes("He", 5),
        strict=True,
    ):
        (g,) = torch.autograd.grad(loss, inputs, retain_graph=True)
        assert gap(g.square().mean().sqrt(), sizes[1]) < TOLERANCE


@pytest.mark.parametrize("seed", [7, 8])
def test_heads_add_gradient_where_the_start_is_bad(seed: int) -> None:
    ratio = {}
    for start in STARTS:
        main, heads = gradient_sizes(start, seed)
        ratio[start] = float(heads[0] / main[0])
        assert torch.equal(heads == 0, torch.arange(9) > 6)  # past 4d
    assert ratio["BN"] < 0.2
    assert 0.2 < ratio["He"] < 2
    assert ratio["PyTorch"] > 30
    main, _ = gradient_sizes("PyTorch", seed)
    assert main[0] / main[-1] < 1e-3


@pytest.mark.usefixtures("float64")
def test_shares_by_loops() -> None:
    model = SmallInception()
    randomize(model)
    for block in range(4):
        total = [0.0] * 4
        for weight in readers(model, block):
            for c in range(weight.shape[1]):
                total[c // EACH] += float(weight.detach()[:, c].square().sum())
        expected = [t / sum(total) for t in total]
        for a, b in zip(shares(model, block), expected, strict=True):
            assert abs(a - b) < TOLERANCE
    assert [len(readers(model, block)) for block in range(4)] == [4, 4, 4, 1]


def muted_by_hand(model: SmallInception, block: int, branch: int) -> float:
    """The forward pass once more, with the branch replaced."""
    means: list[Tensor] = []

    def run(x: Tensor, mute: bool) -> Tensor:
        x = model.stem(x)
        for i, layer in enumerate(model.blocks):
            if i == 2:
                x = nn.functional.max_pool2d(x, 2)
            parts = [b(x) for b in layer.branches.children()]
            if i == block and mute:
                parts[branch] = means[0].expand_as(parts[branch])
            elif i == block:
                means.append(parts[branch].mean((0, 2, 3), keepdim=True))
            x = torch.cat(parts, 1)
        return model.classifier(x)

    x, y = digits()
    with torch.no_grad():
        run(x[:512], mute=False)
        logits = run(x[1024:], mute=True)
    return float((logits.argmax(1) == y[1024:]).double().mean())


def test_muting_by_hand() -> None:
    torch.manual_seed(2)
    model = SmallInception()
    train_small(model, 2, 1, lr=1e-2)
    whole = small_accuracy(model)
    for block, branch in ((0, 2), (3, 3)):
        lost = losses_when_muted(model, block)[branch]
        expected = whole - muted_by_hand(model, block, branch)
        assert abs(lost - expected) < 2e-3  # a digit may tie
    assert small_accuracy(model) == whole  # the hooks are gone


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (".transpose(0, 1)", ""),
        (".square()", ""),
        ("block + 1 < len(model.blocks)", "block + 2 < len(model.blocks)"),
    ],
)
def test_shares_of_the_mutant_differ(old: str, new: str) -> None:
    mutant = mutate(inception_muting, old, new)
    torch.manual_seed(0)
    model = SmallInception()
    try:
        found = [mutant.shares(model, block) for block in range(4)]
    except (RuntimeError, IndexError):
        return
    assert found != [shares(model, block) for block in range(4)]


def test_shares_hardly_tell_what_muting_shows() -> None:
    """A fresh seed; each branch starts with a quarter of the weights."""
    parts, lost = usage(7)
    assert parts.min() > 0.14 and parts.max() < 0.38
    assert lost[0].argmax() == 2 and lost[0, 2] > 0.15  # 5 × 5
    assert lost[:2].max(1).values.min() > 2 * lost[2:].max()  # 8 × 8
    assert lost[3].max() < 0.05  # before the global mean


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: SmallInception((2, 2), heads=(4,)), "heads has 4"),
        (lambda: SmallInception((2, 2), heads=(-1,)), "heads has -1"),
        (lambda: fresh("Glorot", 0), "start is 'Glorot'"),
        (lambda: shares(SmallInception(), 4), "block is 4"),
    ],
)
def test_bad_input_is_named(build: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()
