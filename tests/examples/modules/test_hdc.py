"""Path counts, both rules and the stack, against others' and brute force."""

from collections.abc import Callable
from itertools import pairwise, permutations, product
from math import gcd
from types import ModuleType

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.ndimage import binary_dilation
from torch import Tensor, nn

from examples.modules import hdc, hdc_rule
from examples.modules.convolution_receptive import SAME, receptive_field
from examples.modules.hdc import DilatedStack, covers
from examples.modules.hdc import rule_accepts as rule
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap, randomize

CASES = [
    (rates, kernel)
    for layers in (1, 2, 3)
    for rates in product(range(1, 7), repeat=layers)
    for kernel in (2, 3, 4, 5)
]


def counts_gap(m: ModuleType) -> float:
    """Largest difference from polynomials multiplied by numpy."""
    worst = 0.0
    for rates, kernel in CASES:
        expected = np.ones(1, dtype=np.int64)
        for rate in rates:
            comb = np.zeros(1 + rate * (kernel - 1), dtype=np.int64)
            comb[::rate] = 1
            expected = np.convolve(expected, comb)
        try:
            found = m.path_counts(rates, kernel)
        except (RuntimeError, ValueError):
            return float("inf")
        if len(found) != len(expected):
            return float("inf")
        worst = max(worst, gap(found, torch.from_numpy(expected)))
    return worst


def test_path_counts_are_products_of_polynomials(
    proof: Callable[..., None],
) -> None:
    assert counts_gap(hdc) == 0
    proof(
        ours="path_counts",
        reference="numpy.convolve",
        case=f"{len(CASES)} sets of rates, kernels 2 to 5",
        forward=0.0,
    )


@pytest.mark.parametrize("kernel", [2, 3, 4])
@pytest.mark.parametrize("rates", [(2, 2, 2), (1, 2, 5), (3, 1), (1, 2, 9)])
def test_gradients_count_paths(rates: tuple[int, ...], kernel: int) -> None:
    along = hdc.path_counts(rates, kernel).double()
    measured = hdc.measured_counts(rates, kernel)
    assert torch.equal(measured, along[:, None] * along)
    assert measured.sum() == kernel ** (2 * len(rates))  # every path once


def holes(rates: tuple[int, ...], kernel: int) -> bool:
    """Does morphological dilation, tap by tap, leave a pixel out?"""
    size = 1 + (kernel - 1) * sum(rates)
    seen = np.zeros(2 * size + 1, dtype=bool)
    seen[size] = True
    for rate in rates:
        comb = np.zeros(1 + rate * (kernel - 1), dtype=bool)
        comb[::rate] = True
        seen = binary_dilation(seen, comb)
    return int(seen.sum()) < size


def disagreements(m: ModuleType) -> int:
    return sum(
        m.covers(rates, kernel) == holes(rates, kernel)
        for rates, kernel in CASES
    )


def test_the_exact_condition_agrees_with_morphology(
    proof: Callable[..., None],
) -> None:
    assert disagreements(hdc) == 0
    for rates, kernel in CASES:
        assert hdc_rule.full(rates, kernel) == covers(rates, kernel)
    proof(
        ours="covers",
        reference="scipy.ndimage.binary_dilation",
        case=f"{len(CASES)} sets of rates, kernels 2 to 5",
        forward=0.0,
    )


@pytest.mark.parametrize("layers", [4, 5])
def test_the_exact_condition_holds_for_deeper_stacks(layers: int) -> None:
    for rates in product(range(1, 7), repeat=layers):
        if list(rates) == sorted(rates):
            assert covers(rates) == hdc_rule.full(rates, 3)


def by_the_paper(rates: tuple[int, ...]) -> int:
    """M_2 with the second term as it is printed."""
    m = {len(rates): rates[-1]}
    for i in range(len(rates) - 1, 1, -1):
        r, after = rates[i - 1], m[i + 1]
        m[i] = max(after - 2 * r, after - 2 * (after - r), r)
    return m[2] if len(rates) > 1 else m[1]


def rule_disagreements(m: ModuleType) -> int:
    return sum(
        m.largest_distance(rates) != by_the_paper(rates)
        for layers in (2, 3, 4)
        for rates in product(range(1, 7), repeat=layers)
    )


def test_the_rule_is_that_of_the_paper() -> None:
    assert rule_disagreements(hdc) == 0
    assert hdc.largest_distance((1, 2, 5)) == 2  # both examples of the paper
    assert hdc.largest_distance((1, 2, 9)) == 5


def true_distance(rates: tuple[int, ...]) -> int:
    """Between neighbors seen by all layers but the first."""
    offsets = sorted(
        {u - sum(rates[1:]) for u in hdc_rule.reached(rates[1:], 3)}
    )
    return max(b - a for a, b in pairwise(offsets))


def test_the_distance_is_exact_in_ascending_order_and_a_bound_in_any() -> None:
    for rates in product(range(1, 9), repeat=4):
        computed, true = hdc.largest_distance(rates), true_distance(rates)
        assert computed >= true
        if list(rates[1:]) == sorted(rates[1:]):
            assert computed == true


def test_what_brute_force_says_of_the_rule() -> None:
    """The claims of the page, over all triples up to 12."""
    triples = list(product(range(1, 13), repeat=3))
    wrong = [r for r in triples if rule(r) and not covers(r)]
    assert len(wrong) == 181 and all(r[0] > 1 for r in wrong)
    assert (2, 2, 2) in wrong and (2, 2, 6) in wrong
    missed = [r for r in triples if covers(r) and not rule(r)]
    assert len(missed) == 38 and (1, 5, 2) in missed
    assert all(list(r) != sorted(r) for r in missed)
    ascending = [r for r in triples if r[0] == 1 and list(r) == sorted(r)]
    assert all(rule(r) == covers(r) for r in ascending)
    lax = [r for r in ascending if rule(r, 2) and not covers(r, 2)]
    strict = [r for r in ascending if covers(r, 5) and not rule(r, 5)]
    assert lax == [(1, 1, 4), (1, 2, 5), (1, 2, 6)]
    assert len(strict) == 6 and not any(
        rule(r, 5) and not covers(r, 5) for r in ascending
    )


def test_with_k_minus_1_for_2_the_rule_is_exact_for_every_kernel() -> None:
    """Ascending from 1, unrolled: r_i <= 1 + (k - 1) sum of the smaller."""
    for kernel in (2, 3, 4, 5, 7):
        for rates in product(range(1, 11), repeat=3):
            if rates[0] == 1 and list(rates) == sorted(rates):
                a, b = rates[1:]
                adapted = max(b - (kernel - 1) * a, a) <= kernel
                assert adapted == covers(rates, kernel)


def test_order_changes_the_rule_but_not_what_is_seen() -> None:
    for order in permutations((1, 2, 5)):
        counts = hdc.path_counts(order)
        assert torch.equal(counts, hdc.path_counts((1, 2, 5)))
    assert {rule(order) for order in permutations((1, 2, 5))} == {True, False}


def test_a_common_factor_always_leaves_holes_and_none_is_not_enough() -> None:
    for rates in product(range(1, 9), repeat=3):
        if covers(rates):
            assert gcd(*rates) == 1
    assert gcd(2, 3, 4) == 1 and not covers((2, 3, 4))


def test_powers_of_the_kernel_reach_farthest() -> None:
    """1-3-9 covers 27 rows, one path each; nothing longer is full."""
    assert torch.equal(hdc.path_counts((1, 3, 9)), torch.ones(27).long())
    fields = [
        1 + 2 * sum(rates)
        for rates in product(range(1, 14), repeat=3)
        if covers(rates)
    ]
    assert max(fields) == 27
    assert covers((1, 2, 4, 8, 16)) and rule((1, 2, 4, 8, 16))  # doubling


def test_neighbors_share_no_input_under_a_common_factor() -> None:
    for rates in product(range(1, 7), repeat=3):
        shared = hdc.shared_with_neighbor(rates)
        if gcd(*rates) > 1:
            assert shared == 0
        if covers(rates):
            size = 1 + 2 * sum(rates)
            assert shared == size * (size - 1)
    assert gcd(5, 7) == 1 and hdc.shared_with_neighbor((5, 7)) == 0


def test_first_atrous_layers_of_resnet_leave_no_pixel_out() -> None:
    """Output stride 8: a field of 91 pixels, 8 apart; rates up to 11."""
    before = [(7, 2, 1), (3, 2, 1), *3 * [SAME], (3, 2, 1), *3 * [SAME]]
    assert receptive_field(before) == (91, 8)


def norm(x: Tensor, layer: dict[str, Tensor], training: bool) -> Tensor:
    """BN from its formula."""
    mean, var = layer["running_mean"], layer["running_var"]
    if training:
        mean = x.mean((0, 2, 3))
        var = x.var((0, 2, 3), correction=0)
    x = (x - mean[:, None, None]) / (var[:, None, None] + 1e-5).sqrt()
    return x * layer["weight"][:, None, None] + layer["bias"][:, None, None]


def stack_by_hand(
    x: Tensor, state: dict[str, Tensor], rates: tuple[int, ...], training: bool
) -> Tensor:
    h, w = x.shape[2:]
    for i, rate in enumerate(rates):
        columns = F.unfold(x, 3, dilation=rate, padding=rate)
        weight = state[f"{3 * i}.weight"].flatten(1)
        x = (weight @ columns).unflatten(2, (h, w))
        prefix = f"{3 * i + 1}."
        layer = {
            k.removeprefix(prefix): v
            for k, v in state.items()
            if k.startswith(prefix)
        }
        x = norm(x, layer, training).clamp(min=0)
    return x


STACKS = [(1,), (2, 2, 2), (1, 2, 5), (3, 1)]


def stack_differences(
    m: ModuleType, rates: tuple[int, ...], training: bool
) -> dict[str, float]:
    stack = m.DilatedStack(4, rates).train(training)
    randomize(stack)
    state = {k: v.clone() for k, v in stack.state_dict().items()}
    theirs = {k: state[k].requires_grad_() for k, _ in stack.named_parameters()}
    return differences(
        stack,
        lambda x: stack_by_hand(x, state | theirs, rates, training),
        [torch.randn(2, 4, 9, 7)],
        [(p, theirs[k]) for k, p in stack.named_parameters()],
    )


@pytest.mark.usefixtures("float64")
def test_stack_equals_columns_times_weights(proof: Callable[..., None]) -> None:
    worst = {"forward": 0.0, "gradient": 0.0}
    for rates, training in product(STACKS, (True, False)):
        found = stack_differences(hdc, rates, training)
        worst = {k: max(worst[k], found[k]) for k in worst}
    assert max(worst.values()) < TOLERANCE
    proof(
        ours="DilatedStack",
        reference="torch.nn.functional.unfold",
        case=f"{len(STACKS)} stacks, train and eval",
        **worst,
    )


@pytest.mark.parametrize("rates", [(1, 1, 1), (2, 2, 2), (1, 2, 5), (1, 3, 9)])
def test_rates_cost_no_parameters(rates: tuple[int, ...]) -> None:
    stack = DilatedStack(16, rates)
    assert sum(p.numel() for p in stack.parameters()) == 3 * (9 * 16**2 + 32)
    assert stack(torch.randn(1, 16, 8, 9)).shape == (1, 16, 8, 9)


MUTANTS = {
    "taps side by side": ("rate * tap : rate * tap + size", "tap : tap + size"),
    "one tap too few": ("for tap in range(kernel)", "for tap in range(kernel - 1)"),
    "taps overwrite": ("] += counts", "] = counts"),
    "only the last layer": ("counts = grown", "counts = counts"),
    "order kept": ("in sorted(rates)", "in rates"),
    "a gap of one allowed": ("if rate > field", "if rate > field + 1"),
    "a touch refused": ("if rate > field", "if rate >= field"),
    "field of the last layer only": ("field += (kernel - 1)", "field = (kernel - 1)"),
    "k for k - 1": ("field += (kernel - 1) * rate", "field += kernel * rate"),
    "starts from the first rate": ("distance = rates[-1]", "distance = rates[0]"),
    "runs to the first layer": ("reversed(rates[1:-1])", "reversed(rates[:-1])"),
    "forward": ("reversed(rates[1:-1])", "rates[1:-1]"),
    "no second term": ("2 * rate - distance, rate", "rate"),
    "r for 2 r": ("distance - 2 * rate", "distance - rate"),
    "smallest": ("distance = max(", "distance = min("),
    "padding 1": ('"padding": rate', '"padding": 1'),
    "no dilation": ('"dilation": rate', '"dilation": 1'),
    "bias": ("bias=False, **size", "bias=True, **size"),
    "other eps": ("nn.BatchNorm2d(channels)", "nn.BatchNorm2d(channels, eps=1e-6)"),
    "leaky": ("nn.ReLU()", "nn.LeakyReLU(1e-6)"),
}  # fmt: skip


@pytest.mark.parametrize("mutation", MUTANTS)
@pytest.mark.usefixtures("float64")
def test_comparison_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(hdc, *MUTANTS[mutation])
    try:
        stacks = max(
            max(stack_differences(mutant, (2, 2, 2), mode).values())
            for mode in (True, False)
        )
    except (RuntimeError, AssertionError, KeyError):
        stacks = float("inf")
    caught = [
        counts_gap(mutant) > 0,
        disagreements(mutant) > 0,
        rule_disagreements(mutant) > 0,
        not stacks < TOLERANCE,
    ]
    assert sum(caught) == 1  # by the comparison of what was changed


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: hdc.path_counts([]), r"rates is \(\); each must be 1 or more"),
        (lambda: hdc.path_counts([1, 0]), r"rates is \(1, 0\)"),
        (
            lambda: hdc.measured_counts([2], 1),
            "kernel is 1; must be at least 2",
        ),
        (lambda: covers([1, -2]), r"rates is \(1, -2\)"),
        (lambda: hdc.largest_distance([]), r"rates is \(\)"),
        (lambda: DilatedStack(4, [0]), r"rates is \(0,\)"),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_stack_is_layers_in_the_order_of_the_rates() -> None:
    convs = [m for m in DilatedStack(4, (1, 2, 5)) if isinstance(m, nn.Conv2d)]
    assert [m.dilation for m in convs] == [(1, 1), (2, 2), (5, 5)]
