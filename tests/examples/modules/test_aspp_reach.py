"""Valid taps, fields, costs and the far cue, each against another count."""

from collections.abc import Callable
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from examples.modules import aspp_cost, aspp_valid
from examples.modules.aspp import ASPP, RATES
from examples.modules.aspp_context import (
    KINDS,
    SIDE,
    labeler,
    right_by_offset,
    seen_offsets,
    train_labeler,
)
from examples.modules.aspp_field import NAMES, seen_by_branches
from examples.modules.aspp_variants import SeparableASPP
from tests.mutants import mutate
from tests.parity import TOLERANCE

SIZES = [(n, rate) for n in (1, 2, 5, 8, 14, 33) for rate in range(1, n + 3)]


def valid_gap(m: ModuleType) -> float:
    """Columns of ones, unfolded by torch: what is not 0 was on the map."""
    worst = 0.0
    for n, rate in SIZES:
        ones = torch.ones(1, 1, n, n, dtype=torch.float64)
        taps = F.unfold(ones, 3, dilation=rate, padding=rate)[0].sum(0)
        try:
            shares = m.valid_shares(n, rate)
            mean = m.mean_valid(n, rate)
        except (KeyError, ZeroDivisionError):
            return float("inf")
        worst = max(worst, abs(float(taps.mean()) - mean))
        for count, share in shares.items():
            found = float((taps == count).double().mean())
            worst = max(worst, abs(found - share))
    return worst


def test_valid_taps_by_formula(proof: Callable[..., None]) -> None:
    error = valid_gap(aspp_valid)
    assert error < TOLERANCE
    proof(
        ours="valid_shares",
        reference="torch.nn.functional.unfold",
        case=f"{len(SIZES)} pairs of size and rate",
        forward=error,
    )


@pytest.mark.parametrize(("n", "rate"), [(5, 2), (8, 5), (9, 9), (33, 18)])
def test_convolved_ones_count_the_same(n: int, rate: int) -> None:
    shares = aspp_valid.valid_shares(n, rate)
    measured = aspp_valid.measured_shares(n, rate)
    assert shares.keys() == measured.keys()
    assert all(abs(shares[k] - measured[k]) < 1e-6 for k in shares)
    assert shares[3] == 0  # three along one axis and one along the other
    assert abs(sum(shares.values()) - 1) < 1e-12


def test_doubling_the_rates_with_the_map_keeps_the_valid_taps() -> None:
    for small, large in zip(RATES[16], RATES[8], strict=True):
        assert large == 2 * small
        a, b = (
            aspp_valid.mean_valid(33, small),
            aspp_valid.mean_valid(65, large),
        )
        assert abs(a - b) < 0.1


def test_small_crops_degenerate() -> None:
    assert aspp_valid.valid_shares(21, 18)[1] > 0.5  # a crop of 321
    assert aspp_valid.valid_shares(33, 24)[1] > 0.2
    assert aspp_valid.valid_shares(33, 18)[1] < 0.01
    assert aspp_valid.valid_shares(14, 18)[1] == 1


VALID_MUTANTS = {
    "only one side is lost": ("max(n - 2 * rate, 0)", "max(n - rate, 0)"),
    "no clamp": ("max(n - 2 * rate, 0)", "n - 2 * rate"),
    "one too many": ("max(2 * rate - n, 0)", "max(2 * rate - n + 1, 0)"),
    "beyond the map": ("if rate <= n else n", "if rate <= 2 * n else n"),
    "sums for products": (
        "shares[a * b] = shares.get(a * b",
        "shares[a + b] = shares.get(a + b",
    ),
    "one axis": ("+ share_a * share_b", "+ share_a"),
    "mean not squared": ("/ n) ** 2", "/ n)"),
    "mean without the limit": ("2 * min(rate, n) / n", "2 * rate / n"),
}


@pytest.mark.parametrize("mutation", VALID_MUTANTS)
def test_counting_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(aspp_valid, *VALID_MUTANTS[mutation])
    assert not valid_gap(mutant) < TOLERANCE


COSTS = [(6, 4, 5, 7), (8, 8, 3, 3), (3, 5, 9, 4)]


def cost_gap(m: ModuleType) -> int:
    """Disagreements with torch's counter and with real parameters."""
    wrong = 0
    for (c, o, h, w), separable in (
        (case, kind) for case in COSTS for kind in (False, True)
    ):
        module = (SeparableASPP if separable else ASPP)(c, o).eval()
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            module(torch.randn(1, c, h, w))
        count = sum(p.numel() for p in module.parameters())
        try:
            found = m.total(m.aspp_cost(c, o, h, w, separable))
        except (KeyError, TypeError):
            return 99
        wrong += found != (count, counter.get_total_flops())
    return wrong


def test_costs_are_those_of_the_counter(proof: Callable[..., None]) -> None:
    assert cost_gap(aspp_cost) == 0
    proof(
        ours="aspp_cost",
        reference="torch.utils.flop_counter.FlopCounterMode",
        case=f"{len(COSTS)} sizes, full and separable",
        forward=0.0,
    )


COST_MUTANTS = {
    "no norm": ("9 * c * o + 2 * o", "9 * c * o"),
    "kernel of 3": ("2 * n * 9 * c * o)", "2 * n * 3 * c * o)"),
    "multiply-adds": ("2 * n * c * o)", "n * c * o)"),
    "pooling everywhere": ("2 * c * o),\n", "2 * n * c * o),\n"),
    "projection of four": ("(2 + RATE_COUNT) * o * o + 2 * o", "(1 + RATE_COUNT) * o * o + 2 * o"),
    "one rate only": ("RATE_COUNT = 3", "RATE_COUNT = 1"),
    "depthwise mixes": ("9 * c + c * o", "9 * c * c + c * o"),
    "no norm between": ("weights + 2 * c + 2 * o", "weights + 2 * o"),
}  # fmt: skip


@pytest.mark.parametrize("mutation", COST_MUTANTS)
def test_counter_notices_the_mutant(mutation: str) -> None:
    assert cost_gap(mutate(aspp_cost, *COST_MUTANTS[mutation])) > 0


def test_separable_is_several_times_cheaper_at_full_width() -> None:
    full, split = (
        aspp_cost.total(aspp_cost.aspp_cost(2048, 256, 33, 33, s))
        for s in (False, True)
    )
    assert full[0] == 15_535_104
    assert 5 < full[0] / split[0] < 5.5
    assert 5.5 < full[1] / split[1] < 6.5


@pytest.mark.parametrize("at", [(16, 16), (0, 0), (4, 20), (32, 15)])
def test_features_seen_are_those_of_the_taps(at: tuple[int, int]) -> None:
    n = 33
    seen = seen_by_branches(n, at)
    rates = dict(zip(NAMES[1:4], RATES[16], strict=True))
    for name, rate in rates.items():
        expected = torch.zeros(n, n, dtype=torch.bool)
        for u in (-rate, 0, rate):
            for v in (-rate, 0, rate):
                i, j = at[0] + u, at[1] + v
                if 0 <= i < n and 0 <= j < n:
                    expected[i, j] = True
        assert torch.equal(seen[name], expected)
    assert int(seen["1 × 1"].sum()) == 1 and bool(seen["pooling"].all())


def test_rate_18_sees_one_feature_from_the_middle() -> None:
    assert int(seen_by_branches(33, (16, 16))["rate 18"].sum()) == 1
    assert int(seen_by_branches(33, (14, 14))["rate 18"].sum()) == 4
    counts = [
        int(seen_by_branches(33, (i, 16))["rate 18"].sum()) for i in range(33)
    ]
    assert counts.count(1) == 3


@pytest.fixture(scope="module")
def answers() -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    return {k: right_by_offset(train_labeler(k, seed=2), 200) for k in KINDS}


def test_only_pairs_that_see_do_better_than_guessing(
    answers: dict[str, tuple[torch.Tensor, torch.Tensor]],
) -> None:
    for kind, (right, asked) in answers.items():
        seen = seen_offsets(*KINDS[kind])
        share = float(asked[seen].sum() / asked.sum())
        found = float(right.sum() / asked.sum())
        assert float(right[seen].sum() / asked[seen].sum()) > 0.94
        assert found < (1 + share) / 2 + 0.02
        if not KINDS[kind][1]:
            rest = float(right[~seen].sum() / asked[~seen].sum())
            assert 0.45 < rest < 0.55
        else:
            assert share == 1 and found > 0.94


def test_larger_rates_see_less_of_the_map() -> None:
    shares = [
        float(seen_offsets(rates, pooling=False).double().mean())
        for rates in ((6, 12, 18), (12, 24, 36))
    ]
    right = train_labeler("rates 12, 24, 36", seed=0)
    _, asked = right_by_offset(right, 20)
    seen = [
        float(asked[seen_offsets(r, False)].sum())
        for r in ((6, 12, 18), (12, 24, 36))
    ]
    assert seen[0] > 1.8 * seen[1] and shares[0] >= shares[1]


@pytest.mark.parametrize("kind", KINDS)
def test_seen_offsets_are_those_with_a_gradient(kind: str) -> None:
    """Of the network itself, from a pixel near a corner."""
    torch.manual_seed(0)
    model = labeler(kind).double().eval()
    for p in model.parameters():
        p.data = torch.rand(p.shape, dtype=torch.float64) + 0.1
    x = torch.rand(1, 1, SIDE, SIDE, dtype=torch.float64, requires_grad=True)
    at = (7, 12)
    (gradient,) = torch.autograd.grad(model(x)[0, 0, *at], x)
    by_offset = seen_offsets(*KINDS[kind])
    for i in range(SIDE):
        for j in range(SIDE):
            expected = by_offset[SIDE - 1 + at[0] - i, SIDE - 1 + at[1] - j]
            assert bool(gradient[0, 0, i, j] > 0) == bool(expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: aspp_valid.axis_shares(0, 3), "n is 0, rate is 3"),
        (lambda: aspp_valid.valid_shares(5, 0), "n is 5, rate is 0"),
        (lambda: aspp_cost.aspp_cost(0, 1, 2, 3), r"sizes are \(0, 1, 2, 3\)"),
        (lambda: seen_by_branches(5, (5, 0)), r"at is \(5, 0\); must lie"),
        (lambda: labeler("sum"), "kind is 'sum'; must be one of"),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
