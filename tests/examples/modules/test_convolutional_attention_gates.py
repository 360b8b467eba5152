"""Frozen and folded gates, the two tasks, and what was measured on them."""

from collections.abc import Callable
from types import ModuleType

import experiments
import pytest
import sources
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.architectures.resnet import ResNet
from examples.modules import (
    convolutional_attention_digits,
    convolutional_attention_gates,
    convolutional_attention_lamp,
)
from examples.modules.convolutional_attention import (
    CBAM,
    SEBlock,
    SpatialAttention,
)
from examples.modules.convolutional_attention_digits import (
    digit_network,
    learn_digits,
    litter,
    scatter,
)
from examples.modules.convolutional_attention_gates import (
    CHANNEL_GATES,
    freeze_gates,
    record_gates,
)
from examples.modules.convolutional_attention_lamp import (
    lamp_network,
    lamp_scenes,
    learn_lamp,
    right_by_distance,
)
from examples.modules.convolutional_attention_resnet import add_gates
from examples.modules.residual import ResidualBlock
from examples.modules.residual_depth import digits
from tests.mutants import mutate
from tests.parity import TOLERANCE, gap, randomize


def branches(network: ResNet) -> list[nn.Sequential]:
    modules = [m for stage in network.stages for m in stage.children()]
    return [m.branch for m in modules if isinstance(m, ResidualBlock)]


def gated(kind: type = SEBlock) -> ResNet:
    network = ResNet(18, 5, 4)
    add_gates(network, lambda c: kind(c, 2))
    randomize(network)
    return network.eval()


def fold_gap(m: ModuleType) -> float:
    """Frozen, then folded, against gates multiplied in by hand."""
    torch.manual_seed(0)
    x = torch.randn(3, 3, 40, 40)
    network = gated()
    means = []
    for branch in branches(network):
        branch[-1].register_forward_hook(
            lambda gate, given, y: means.append(
                (y / given[0]).nanmean((0, 2, 3), keepdim=True)
            )
        )
    network(x)
    frozen = m.freeze_gates(gated(), x, m.CHANNEL_GATES)
    m.fold_gates(frozen)
    plain = gated()
    for branch in branches(plain):
        mean = means.pop(0)
        branch[-1] = nn.Identity()
        branch.register_forward_hook(
            lambda branch, given, y, mean=mean: y * mean
        )
    return gap(frozen(x), plain(x))


@pytest.mark.usefixtures("float64")
def test_folded_equals_constant_factors(proof: Callable[..., None]) -> None:
    error = fold_gap(convolutional_attention_gates)
    assert error < TOLERANCE
    proof(
        ours="fold_gates",
        reference="torch.mul",
        case="8 gates of a ResNet-18",
        forward=error,
    )
    frozen = freeze_gates(gated(), torch.randn(2, 3, 40, 40), CHANNEL_GATES)
    convolutional_attention_gates.fold_gates(frozen)
    names = set(ResNet(18, 5, 4).state_dict())
    assert set(frozen.state_dict()) == names  # a plain ResNet again


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("norm.weight *= gate.factor.flatten()", "norm.weight *= 1"),
        ("norm.bias *= gate.factor.flatten()", "norm.bias *= 1"),
        ("block.branch = block.branch[:-1]", "pass"),
        ("gate.mean(dim=0, keepdim=True)", "gate[:1]"),
        ("gate.mean(dim=0, keepdim=True)", "gate.mean()"),
        (
            "*_, norm, gate = block.branch",
            "*_, norm, _, _, gate = block.branch",
        ),
    ],
)
@pytest.mark.usefixtures("float64")
def test_folding_notices_the_mutant(old: str, new: str) -> None:
    try:
        error = fold_gap(mutate(convolutional_attention_gates, old, new))
    except (RuntimeError, AttributeError, ValueError):
        return
    assert error > 1e-6


@pytest.mark.usefixtures("float64")
def test_recording_leaves_the_network_as_it_was() -> None:
    network = gated(CBAM)
    x = torch.randn(2, 3, 40, 40)
    y = network(x)
    kinds = (*CHANNEL_GATES, SpatialAttention)
    found = record_gates(network, x, kinds)
    assert len(found) == 16 and torch.equal(network(x), y)
    name, gate = next(iter(found.items()))
    assert name == "stages.0.0.branch.5.channel"
    stem = F.max_pool2d(network.stem(x), 3, 2, 1)
    expected = branches(network)[0][:-1](stem)
    module = network.get_submodule(name)
    assert gap(gate, module.gate(expected)) < TOLERANCE
    frozen = freeze_gates(network, x[:1], kinds)
    assert gap(frozen(x[:1]), network(x[:1])) < TOLERANCE  # a mean of one
    assert gap(frozen(x), network(x)) > 1e-4
    with pytest.raises(ValueError, match="no gate of these kinds"):
        freeze_gates(ResNet(18, 5, 4), x, kinds)


def scenes_by_loop(images: Tensor) -> tuple[Tensor, Tensor]:
    """What to mark and the distances, read from the image alone."""
    marked, distance = torch.zeros(2, len(images), 16, 16)
    for b, image in enumerate(images):
        places = image[2].nonzero()
        value = image[2].abs().max() * image[2].sum().sign()
        marked[b] = image[0] if value > 0 else image[1]
        for y in range(16):
            for x in range(16):
                away = (places - torch.tensor([y, x])).abs().amax(dim=1)
                distance[b, y, x] = away.min()
    return marked, distance


def test_scenes_ask_for_the_color_that_the_lamp_names() -> None:
    torch.manual_seed(1)
    images, marked, distance = lamp_scenes(40)
    assert ((images[:, 2] != 0).flatten(1).sum(1) == 4).all()
    expected = scenes_by_loop(images)
    assert torch.equal(marked, expected[0])
    assert torch.equal(distance.float(), expected[1])
    assert 0.25 < (images[:, 2].sum((1, 2)) > 0).float().mean() < 0.75
    for old, new in (
        ("1 - lit]", "lit]"),
        ("beside // 2", "beside // 3"),
        ("2.0 * lit - 1", "1 - 2.0 * lit"),
    ):
        torch.manual_seed(1)
        mutant = mutate(convolutional_attention_lamp, old, new).lamp_scenes(40)
        marks, away = scenes_by_loop(mutant[0])
        same = torch.equal(mutant[1], marks)
        assert not (same and torch.equal(mutant[2].float(), away))


def test_two_blocks_see_five_pixels_and_a_gate_sees_all() -> None:
    images = lamp_scenes(8)[0].requires_grad_()
    for kind, width, blocks, reach in (
        ("plain", 8, 2, 5),
        ("plain", 8, 7, 15),
        ("spatial", 8, 2, 11),
        ("se", 8, 2, 15),
        ("added", 8, 2, 15),
    ):
        torch.manual_seed(0)
        network = lamp_network(kind, width, blocks).eval()
        (g,) = torch.autograd.grad(network(images)[:, 0, 0].sum(), images)
        assert g.abs().amax((0, 1, 3)).nonzero().max() == reach


def test_without_the_lamp_half_is_the_most_to_get() -> None:
    """A perfect network that sees 5 pixels, and guesses farther away."""
    torch.manual_seed(0)
    scenes = lamp_scenes(4096)
    _, marked, distance = scenes

    class Oracle(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            blind = x[:, 0] - 0.5
            return torch.where(distance <= 5, marked - 0.5, blind)

    hits, total = right_by_distance(Oracle(), scenes)
    assert (hits[:6] == total[:6]).all()
    share = hits.sum() / total.sum()
    assert 0.72 < share < 0.75


def test_a_gate_of_channels_learns_the_lamp() -> None:
    torch.manual_seed(0)
    network = learn_lamp(lamp_network("channel"), 200)
    hits, total = right_by_distance(network, lamp_scenes(256))
    assert hits[6:].sum() / total[6:].sum() > 0.9


def test_litter_keeps_the_digit_and_adds_scraps() -> None:
    x = digits()[0][:64]
    torch.manual_seed(3)
    images = litter(x)
    assert images.shape == (64, 1, 32, 32) and images.min() == -1
    torch.manual_seed(4)
    placed = scatter(x)
    big = F.interpolate(x, scale_factor=2, mode="bilinear") + 1
    torch.testing.assert_close(
        (placed + 1).sum((1, 2, 3)), big.sum((1, 2, 3)), rtol=1e-4, atol=1e-3
    )
    more = (images + 1).sum() / (placed + 1).sum()
    assert 1.1 < more < 1.8
    with pytest.raises(ValueError, match=r"be \(b, 1, 8, 8\)"):
        scatter(x[0])


def test_digits_are_learned_a_little_in_three_epochs() -> None:
    torch.manual_seed(0)
    network = learn_digits(digit_network("plain"), epochs=3)
    x, y = (t[convolutional_attention_digits.LEARNED :] for t in digits())
    found = (network(litter(x)).argmax(1) == y).float().mean()
    assert found > 0.2


def kept(name: str) -> dict[str, dict]:
    path = sources.ROOT / f"examples/modules/convolutional_attention_{name}.py"
    return {k: v["values"] for k, v in experiments.stored(path).items()}


def test_what_the_page_says_of_the_lamp() -> None:
    rows = kept("lamp_results")
    plain, deeper, spatial = rows["plain"], rows["deeper"], rows["spatial"]
    assert plain["best"] < 0.73  # the bound of its receptive field
    for run, reach in ((plain, 5), (spatial, 11)):
        beyond = run["by_distance"][reach + 1 :]
        assert max(abs(share - 0.5) for share in beyond) < 0.03
    assert deeper["right"] < 0.8 and deeper["best"] - deeper["worst"] > 0.25
    assert deeper["parameters"] > 3 * plain["parameters"]
    gated = ("se", "channel", "cbam", "spatial_first", "parallel", "added")
    assert all(rows[kind]["worst"] > 0.998 for kind in gated)
    for kind in ("se", "channel", "added"):
        assert rows[kind]["parameters"] < 1.035 * plain["parameters"]
    assert rows["added"]["parameters"] == rows["se"]["parameters"]


def test_what_the_page_says_of_frozen_gates() -> None:
    rows = kept("lamp_results")
    for kind in ("se", "channel", "cbam", "spatial_first", "parallel"):
        assert rows[kind]["channels_frozen"] < 0.6
        assert rows[kind]["places_frozen"] > 0.99
    assert rows["spatial"]["places_frozen"] < 0.6
    lit, out = rows["channel"]["gates"]
    assert lit[:8] == out[:8]  # the first block has no more to say
    moved = [abs(a - b) for a, b in zip(lit[8:], out[8:], strict=True)]
    assert min(moved) > 0.08 and max(moved) > 0.9


def test_what_the_page_says_of_the_digits() -> None:
    rows = kept("digits_results")
    means = [row["right"] for row in rows.values()]
    assert max(means) - min(means) < 0.01
    assert max(means) == rows["plain"]["right"]
    for row in rows.values():  # the ranges overlap
        assert row["best"] > rows["plain"]["worst"]
    se, cbam = rows["se"], rows["cbam"]
    assert se["right"] - se["channels_frozen"] < 0.01
    assert cbam["right"] - cbam["channels_frozen"] > 0.03
    assert 0.15 < cbam["right"] - cbam["places_frozen"] < 0.2
