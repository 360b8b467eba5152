"""Rounding of long sums, and rank: bounds that the page states."""

import math
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
import torch

from examples.modules import linear_low_rank, linear_rounding
from examples.modules.linear_low_rank import (
    RANKS,
    break_even,
    factors,
    judge,
    trained,
)
from examples.modules.linear_rounding import (
    UNIT,
    errors,
    one_by_one,
    pairwise_sum,
)
from tests.mutants import mutate


def loop(p: np.ndarray) -> float:
    total = np.float32(0)
    for value in p:
        total = np.float32(total + value)
    return float(total)


def tree(p: np.ndarray) -> float:
    """Neighbors first, by recursion."""
    if len(p) == 1:
        return float(p[0])
    size = 1 << (len(p) - 1).bit_length() - 1
    return float(np.float32(tree(p[:size])) + np.float32(tree(p[size:])))


def sums(module: ModuleType) -> int:
    """How many of the sums are not bit for bit those by hand."""
    rng = np.random.default_rng(0)
    differing = 0
    for n in (1, 2, 3, 7, 64, 100, 1001):
        p = rng.normal(size=n).astype(np.float32)
        differing += int(module.one_by_one(p) != loop(p))
        differing += int(module.pairwise_sum(p) != tree(p))
    return differing


def test_sums_are_those_by_hand_bit_for_bit() -> None:
    assert sums(linear_rounding) == 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("np.cumsum(p, dtype=np.float32)", "np.cumsum(p, dtype=np.float64)"),
        ("np.cumsum(p, dtype=np.float32)", "np.cumsum(p[::-1])"),
        ("p = p[::2] + p[1::2]", "p = p[: len(p) // 2] + p[len(p) // 2 :]"),
        ("np.append(p, np.float32(0))", "p[:-1]"),
    ],
)
def test_sums_notice_the_mutant(old: str, new: str) -> None:
    assert sums(mutate(linear_rounding, old, new)) > 0


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [100, 10_000, 1_000_000])
def test_errors_keep_to_the_bounds(n: int, seed: int) -> None:
    slow, fast = errors(n, seed)
    product = UNIT  # x * w has been rounded as well
    assert slow <= n * UNIT + product
    assert fast <= (1 + math.log2(n)) * UNIT + product
    if n == 1_000_000:
        assert slow > 50 * fast


def test_counting_stops_at_the_end_of_the_integers() -> None:
    one = np.float32(1)
    assert np.float32(2**24) + one == np.float32(2**24)
    assert np.float32(2**24 - 1) + one == np.float32(2**24)
    assert one_by_one(np.ones(3000, np.float32)) == 3000
    assert pairwise_sum(np.ones(3001, np.float32)) == 3001


def squared_error(module: ModuleType, weight: torch.Tensor, rank: int) -> float:
    a, b = module.factors(weight, rank)
    assert a.shape == (weight.shape[0], rank) and b.shape[0] == rank
    return float((weight - a @ b).square().sum())


def worst_svd(module: ModuleType) -> float:
    """Distance from what Eckart and Young promise."""
    random = torch.Generator().manual_seed(0)
    worst = 0.0
    for shape in ((6, 9), (9, 6), (5, 5)):
        w = torch.randn(shape, generator=random, dtype=torch.float64)
        squares = torch.linalg.eigvalsh(w @ w.T).flip(0)
        for rank in range(1, min(shape) + 1):
            promised = float(squares[rank:].sum())
            worst = max(worst, abs(squared_error(module, w, rank) - promised))
    return worst


def test_the_error_is_the_rest_of_the_spectrum(
    proof: Callable[..., None],
) -> None:
    error = worst_svd(linear_low_rank)
    assert error < 1e-12
    proof(
        ours="factors",
        reference="torch.linalg.eigvalsh",
        case="3 shapes, all ranks, squared error",
        kind="init",
        forward=error,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("vh[:rank]", "vh[-rank:]"),
        ("u[:, :rank] * s[:rank]", "u[:, :rank] * s[:rank].sqrt()"),
        ("u[:, :rank] * s[:rank]", "u[:, :rank]"),
    ],
)
def test_factors_notice_the_mutant(old: str, new: str) -> None:
    assert worst_svd(mutate(linear_low_rank, old, new)) > 1e-3


def test_no_random_factors_do_better() -> None:
    random = torch.Generator().manual_seed(1)
    w = torch.randn(8, 8, generator=random, dtype=torch.float64)
    best = squared_error(linear_low_rank, w, 3)
    for _ in range(50):
        a = torch.randn(8, 3, generator=random, dtype=torch.float64)
        b = torch.linalg.lstsq(a, w).solution
        assert float((w - a @ b).square().sum()) > best


@pytest.mark.parametrize(("d", "k"), [(256, 256), (100, 10), (7, 5), (1, 1)])
def test_break_even(d: int, k: int) -> None:
    rank = break_even(d, k)
    assert rank * (d + k) < d * k <= (rank + 1) * (d + k)


@pytest.mark.parametrize("seed", [0, 1])
def test_rank_8_keeps_the_accuracy_and_half_of_the_squares(seed: int) -> None:
    net, initial, test = trained(seed)
    weight = net[2].weight.detach()
    full = judge(net, weight, 256, test)[1]
    assert full > 0.93
    kept, accuracy = judge(net, weight, 8, test)
    assert 0.4 < kept < 0.6 and full - accuracy < 0.015
    assert full - judge(net, weight, 2, test)[1] > 0.3
    assert judge(net, initial, 8, test)[0] < 0.15
    assert judge(net, weight - initial, 8, test)[0] > 0.8
    change = torch.linalg.svdvals(weight - initial)
    assert change[9] > 2 * change[10]  # ten classes, ten directions
    kept = [judge(net, weight, rank, test)[0] for rank in RANKS]
    assert kept == sorted(kept)


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="rank is 4; it must be from 1 to 3"):
        factors(torch.ones(3, 5), 4)
    with pytest.raises(ValueError, match=r"p is float64 \(3,\); it must be"):
        one_by_one(np.ones(3))
    with pytest.raises(ValueError, match=r"p is float32 \(0,\)"):
        pairwise_sum(np.ones(0, np.float32))
