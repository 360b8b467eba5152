"""What depth does with and without the sum, held over several seeds."""

import math
from collections.abc import Callable
from itertools import product
from types import ModuleType

import pytest
import torch

from examples.modules import residual_paths
from examples.modules.residual import PreActivationBlock, ResidualBlock
from examples.modules.residual_depth import (
    PlainBlock,
    stem,
    tower,
    travel,
)
from examples.modules.residual_training import (
    accuracy,
    network,
    train,
    without_each_block,
)
from tests.mutants import mutate
from tests.parity import TOLERANCE, gap, randomize

SEEDS = (3, 4, 5, 6)


def test_plain_and_residual_start_from_the_same_weights() -> None:
    states = []
    for residual in (True, False):
        torch.manual_seed(0)
        states.append([b.state_dict() for b in tower(residual, 3, 8)])
    for a, b in zip(*states, strict=True):
        assert a.keys() == b.keys()
        assert all(torch.equal(a[k], b[k]) for k in a)


def test_plain_block_is_the_residual_block_without_the_sum() -> None:
    x = torch.randn(2, 4, 6, 6)
    for block in (PlainBlock(4, 4), ResidualBlock(4, 4)):
        block.eval()
        z = block.branch(x)
        if not isinstance(block, PlainBlock):
            z = z + x
        torch.testing.assert_close(block(x), z.clamp(min=0))


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_vanish_explode_or_stay(seed: int) -> None:
    first = {}
    for kind in ("plain", "plain, BN", "residual", "residual, BN"):
        gradients, neighbors = travel(kind, seed)
        assert gradients[-1] == 1
        first[kind] = (gradients[0], neighbors[0], neighbors[-1])
    assert first["plain"][0] < 1e-12
    assert first["plain, BN"][0] > 50
    assert 0.3 < first["residual"][0] < 3
    assert 1 < first["residual, BN"][0] < 20
    assert all(start > 0.95 for _, start, _ in first.values())
    assert first["plain"][2] < 0.5
    assert first["plain, BN"][2] < 0.25
    assert first["residual"][2] > 0.9
    assert first["residual, BN"][2] > 0.65


def test_plain_layers_shrink_by_the_square_root_of_six() -> None:
    """Each default 3 × 3 keeps 1/3 of the energy and ReLU half of that;
    a border of zeros takes a little more."""
    gradients, _ = travel("plain", 0)
    factor = gradients[0] ** (1 / 32)
    assert 0.8 / math.sqrt(6) < factor < 1 / math.sqrt(6)


def test_stream_grows_by_one_variance_a_block() -> None:
    """Branches end in BN: each adds a variance of 1, so growth is linear."""
    torch.manual_seed(0)
    x = torch.randn(64, 16, 4, 4)
    energies = []
    for _ in range(16):
        block = PreActivationBlock(16, 16)
        added = torch.nn.functional.batch_norm(
            block.branch(block.activate(x)), None, None, training=True
        )
        x = (x + added).detach()
        energies.append(float(x.square().mean()))
    for blocks in (4, 8, 16):
        assert 0.6 < energies[blocks - 1] / (blocks + 1) < 1.4


@pytest.mark.parametrize("seed", [1, 2])
def test_34_plain_layers_do_not_fit_what_10_do(seed: int) -> None:
    last, right = {}, {}
    for kind, blocks in (("plain", 4), ("plain", 16), ("residual", 16)):
        model = network(kind, blocks, seed)
        losses = train(model, seed)
        last[kind, blocks] = sum(losses[-16:]) / 16
        right[kind, blocks] = accuracy(model, trained_on=True)
        if (kind, blocks) != ("plain", 16) and seed == 1:
            check_removal(model, kind)
    assert last["residual", 16] < 0.5
    assert last["plain", 4] + 0.2 < last["plain", 16]
    assert right["plain", 16] < 0.45
    assert right["plain", 4] > 0.6
    assert right["residual", 16] > 0.65


def check_removal(model: torch.nn.Sequential, kind: str) -> None:
    whole, scores = accuracy(model), without_each_block(model)
    if kind == "plain":
        assert max(scores) < 0.4
    else:
        assert sum(score > whole - 0.1 for score in scores) >= 10
        assert scores[0] < whole - 0.2  # the first block matters


def test_identity_start_lets_a_plain_network_learn() -> None:
    model = network("identity start", 16, 1)
    x = torch.randn(8, 16, 4, 4).relu()
    block = model[1].eval()
    torch.testing.assert_close(block(x), x, rtol=0, atol=1e-3)
    losses = train(model, 1)
    assert sum(losses[-16:]) / 16 > 1  # residual: below 0.5, see above
    assert accuracy(model, trained_on=True) > 0.5


def chain_of(count: int, channels: int) -> list[PreActivationBlock]:
    chain = [PreActivationBlock(channels, channels) for _ in range(count)]
    for seed, block in enumerate(chain):
        randomize(block, seed)
    return [block.eval() for block in chain]


def parts_by_listing(
    chain: list[PreActivationBlock], x: torch.Tensor, g: torch.Tensor
) -> list[torch.Tensor]:
    """All 2^n products of explicit Jacobians, sorted by their length."""
    jacobians = []
    for block in chain:

        def branch(
            x: torch.Tensor, b: PreActivationBlock = block
        ) -> torch.Tensor:
            return b.branch(b.activate(x))

        jacobian = torch.autograd.functional.jacobian(branch, x)
        jacobians.append(jacobian.reshape(x.numel(), x.numel()))
        x = block(x).detach()
    parts = [torch.zeros(x.numel()) for _ in range(len(chain) + 1)]
    for taken in product((False, True), repeat=len(chain)):
        v = g.flatten()
        for jacobian, through in zip(
            reversed(jacobians), reversed(taken), strict=True
        ):
            v = jacobian.T @ v if through else v
        parts[sum(taken)] += v
    return parts


def parts_gap(m: ModuleType) -> float:
    torch.manual_seed(0)
    chain = chain_of(4, 2)
    x, g = torch.randn(2, 2, 2, 3, 3)
    found = m.gradient_by_length(chain, x, g)
    expected = torch.stack(parts_by_listing(chain, x, g))
    return gap(found.flatten(1), expected)


@pytest.mark.usefixtures("float64")
def test_parts_are_the_sums_over_listed_paths(
    proof: Callable[..., None],
) -> None:
    error = parts_gap(residual_paths)
    assert error < TOLERANCE
    proof(
        ours="gradient_by_length",
        reference="torch.autograd.functional.jacobian",
        case="4 blocks, 16 paths listed",
        gradient=error,
    )


@pytest.mark.usefixtures("float64")
def test_parts_add_up_to_the_gradient(proof: Callable[..., None]) -> None:
    torch.manual_seed(0)
    chain = [PreActivationBlock(4, 4) for _ in range(8)]  # in training
    x, g = torch.randn(2, 3, 4, 5, 5)
    parts = residual_paths.gradient_by_length(chain, x, g)
    y = x.requires_grad_()
    for block in chain:
        y = block(y)
    y.backward(g)
    error = gap(parts.sum(0), x.grad)
    assert error < TOLERANCE
    assert torch.equal(parts[0], g)  # the path through no branch at all
    proof(
        ours="gradient_by_length",
        reference="torch.Tensor.backward",
        case="8 blocks, summed over all lengths",
        gradient=error,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("torch.cat([parts, none])", "torch.cat([none, parts])"),
        ("torch.cat([none, through])", "torch.cat([through, none])"),
        ("in reversed(passed)", "in passed"),
        ("b.branch(b.activate(x))", "b.branch(x)"),
        ("x = x + added", "x = added"),
    ],
)
@pytest.mark.usefixtures("float64")
def test_listing_notices_the_mutant(old: str, new: str) -> None:
    old, new = (t.replace("b.", "block.") for t in (old, new))
    assert not parts_gap(mutate(residual_paths, old, new)) < TOLERANCE


@pytest.mark.parametrize("seed", [5, 6])
def test_most_of_the_gradient_takes_short_paths(seed: int) -> None:
    share = residual_paths.shares(seed)
    assert share[:5].sum() > 0.9
    lengths = torch.arange(len(share), dtype=share.dtype)
    assert 1 < share @ lengths < 2.4  # against 8 of the average path


def test_bad_input_is_named() -> None:
    x = torch.randn(2, 4, 4, 4)
    with pytest.raises(ValueError, match="identity shortcut"):
        residual_paths.gradient_by_length([], x, x)
    with pytest.raises(ValueError, match="identity shortcut"):
        residual_paths.gradient_by_length([PreActivationBlock(4, 8)], x, x)
    with pytest.raises(ValueError, match="blocks is 0"):
        tower(True, 0, 8)
    with pytest.raises(ValueError, match="kind is 'dense'"):
        network("dense", 4, 0)
    assert stem(8)(torch.randn(2, 1, 8, 8)).shape == (2, 8, 4, 4)
