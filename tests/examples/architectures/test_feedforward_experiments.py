"""What networks can and cannot do: XOR, approximation, depth, and training."""

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from types import ModuleType

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog
from sklearn.isotonic import IsotonicRegression
from torch import Tensor, nn

from examples.architectures import (
    feedforward_approximation,
    feedforward_depth,
    feedforward_xor,
)
from examples.architectures.feedforward import (
    Layers,
    backward,
    cross_entropy,
    forward,
    initialize,
    squared_error,
)
from examples.architectures.feedforward_approximation import (
    staircase,
    straight_pieces,
    trained,
    wave,
    worst,
)
from examples.architectures.feedforward_depth import (
    pieces,
    random_pieces,
    sawtooth,
    sawtooth_layers,
)
from examples.architectures.feedforward_equal import (
    digits_right,
    sawtooth_gaps,
    size,
    widths_for,
)
from examples.architectures.feedforward_training import (
    accuracy,
    descend,
    epoch,
    gradients,
    split,
)
from examples.architectures.feedforward_widths import best_line_error
from examples.architectures.feedforward_xor import (
    collapse,
    equal_start,
    identity,
    learn,
    random_starts,
    two_relus,
    xor,
)
from examples.modules.activation import curves, relu
from tests.mutants import mutate
from tests.parity import TOLERANCE, gap

SIGMOID = curves()["Sigmoid"][0]


def random_layers(widths: list[int], seed: int = 0) -> Layers:
    """With random biases; float64."""
    random = torch.Generator().manual_seed(seed)
    options = {"generator": random, "dtype": torch.float64}
    return [
        (torch.randn(k, d, **options), torch.randn(1, k, **options))
        for d, k in pairwise(widths)
    ]


# Layers without activations
NARROW = ([5, 3], [4, 7, 6, 3], [6, 2, 5, 4], [3, 3, 3, 3, 3])


def collapse_gap(m: ModuleType) -> float:
    gaps = []
    for seed, widths in enumerate(NARROW):
        layers = random_layers(widths, seed)
        net = nn.Sequential()
        for w, b in layers:
            layer = nn.Linear(w.shape[1], w.shape[0]).double()
            layer.load_state_dict({"weight": w, "bias": b[0]})
            net.append(layer)
        x = torch.randn(9, widths[0], dtype=torch.float64)
        w, b = m.collapse(layers)
        gaps.append(gap(x @ w.mT + b, net(x)))
        gaps.append(gap(x @ w.mT + b, forward(layers, x, identity)[1][-1]))
    return max(gaps)


def test_layers_without_activations_are_one(proof: Callable[..., None]) -> None:
    found = collapse_gap(feedforward_xor)
    assert found < TOLERANCE
    proof(
        ours="collapse",
        reference="torch.nn.Linear",
        case=f"{len(NARROW)} networks without activations",
        kind="built",
        forward=found,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("later @ w, b @ later.mT + offset", "later @ w, b @ later.mT"),
        ("later @ w, b @ later.mT", "w, b @ later.mT"),
        ("b @ later.mT + offset", "offset"),
        ("w, b = layers[0]", "w, b = layers[0]; w = w.mT.mT * 1.001"),
    ],
)
def test_collapse_notices_the_mutant(old: str, new: str) -> None:
    try:
        found = collapse_gap(mutate(feedforward_xor, old, new))
    except RuntimeError:
        found = math.inf
    assert found > 1e-6


def test_the_narrowest_layer_limits_the_rank() -> None:
    for widths in NARROW:
        w, _ = collapse(random_layers(widths))
        assert torch.linalg.matrix_rank(w) == min(widths)


# XOR
def test_no_linear_network_beats_one_quarter() -> None:
    x, target = (t.numpy() for t in xor())
    design = np.hstack([x, np.ones((4, 1))])
    best, *_ = np.linalg.lstsq(design, target, rcond=None)
    np.testing.assert_allclose(best[:, 0], [0, 0, 0.5], atol=1e-12)
    assert abs(np.mean((design @ best - target) ** 2) - 1 / 4) < 1e-12


def test_no_rising_function_of_one_number_beats_one_sixth() -> None:
    """Over all directions, the best monotone fit leaves at least 1/6."""
    x, target = (t.numpy() for t in xor())
    left = []
    for angle in np.linspace(0, np.pi, 361):
        line = np.round(x @ [np.cos(angle), np.sin(angle)], 9)
        for rising in (True, False):
            fit = IsotonicRegression(increasing=rising)
            guess = fit.fit_transform(line, target[:, 0])
            left.append(np.mean((guess - target[:, 0]) ** 2))
    assert abs(min(left) - 1 / 6) < 1e-12


@pytest.mark.parametrize("name", ["Sigmoid", "Tanh", "ReLU", "ELU"])
@pytest.mark.parametrize("widths", [[2, 8, 1], [2, 5, 5, 1], [2, 4, 4, 4, 1]])
@pytest.mark.parametrize("weight", [0.2, 0.5, 1.0])
def test_equal_units_stay_equal(
    name: str, widths: list[int], weight: float
) -> None:
    layers = equal_start(widths, weight)
    loss = learn(layers, curves()[name], steps=200)
    for w, b in layers:
        assert gap(w, w[:1].expand_as(w)) < TOLERANCE
        assert gap(b, b[:, :1].expand_as(b)) < TOLERANCE
        assert torch.linalg.matrix_rank(w) == 1
    assert loss > 1 / 6 - 1e-12


def test_zeros_move_nothing_but_the_last_bias() -> None:
    layers = equal_start([2, 6, 6, 1], 0.0)
    for name in ("Tanh", "ReLU", "GELU"):
        _, found = gradients(layers, xor(), squared_error, curves()[name])
        *before, (dw, db) = found
        assert all((w == 0).all() and (b == 0).all() for w, b in before)
        assert (dw == 0).all() and (db != 0).all()


def test_equal_units_become_one_sixth_in_the_end() -> None:
    tanh = curves()["Tanh"]
    loss = float(learn(equal_start([2, 8, 1], 0.5), tanh, 10_000))
    assert 1 / 6 < loss < 0.175


def test_two_relus_by_hand_are_xor() -> None:
    x, target = xor()
    assert torch.equal(forward(two_relus(), x, relu)[1][-1], target)


def test_two_relus_mostly_fail_where_eight_succeed() -> None:
    ends = learn(random_starts([2, 2, 1]), curves()["ReLU"])
    levels = torch.tensor([0, 1 / 8, 1 / 6, 1 / 4], dtype=torch.float64)
    distance = (ends[:, None] - levels).abs()
    assert distance.amin(1).max() < 1e-3
    counts = distance.argmin(1).bincount(minlength=4)
    assert counts[0] < 35 and counts[2] > 25 and (counts > 0).all()
    eight = learn(random_starts([2, 8, 1]), curves()["ReLU"])
    assert (eight < 0.02).sum() > 90


# Approximation
FUNCTIONS = {  # f, max|f'|, max|f''| on [0, 1]
    "sine": (wave, 2 * math.pi, 4 * math.pi**2),
    "exp": (torch.exp, math.e, math.e),
    "square": (torch.square, 2.0, 2.0),
    "bell": (lambda x: torch.exp(-8 * (x - 0.5) ** 2), 4.0, 16.0),
}
UNITS = (1, 2, 5, 16, 63)


def interpolation_gap(m: ModuleType) -> float:
    x = torch.linspace(0, 1, 1001, dtype=torch.float64)[:, None]
    gaps = []
    for f, *_ in FUNCTIONS.values():
        for units in UNITS:
            z = forward(m.straight_pieces(f, units), x, relu)[1][-1]
            knots = np.linspace(0, 1, units + 1)
            heights = f(torch.tensor(knots)).numpy()
            theirs = np.interp(x[:, 0].numpy(), knots, heights)
            gaps.append(gap(z[:, 0], torch.tensor(theirs)))
    return max(gaps)


def test_built_relus_are_linear_interpolation(
    proof: Callable[..., None],
) -> None:
    found = interpolation_gap(feedforward_approximation)
    assert found < TOLERANCE
    proof(
        ours="straight_pieces",
        reference="numpy.interp",
        case=f"{len(FUNCTIONS)} functions, {UNITS[0]} to {UNITS[-1]} units",
        kind="built",
        forward=found,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("slopes.diff(dim=0, prepend=torch.zeros(1, 1))", "slopes"),
        ("heights.diff(dim=0) * units", "heights.diff(dim=0)"),
        ("-knots[:-1].T", "-knots[1:].T"),
        ("-knots[:-1].T", "knots[:-1].T"),
        ("(turns.T, heights[:1])", "(turns.T, heights[1:2])"),
        ("prepend=torch.zeros(1, 1)", "prepend=slopes[:1]"),
    ],
)
def test_interpolation_notices_the_mutant(old: str, new: str) -> None:
    assert interpolation_gap(mutate(feedforward_approximation, old, new)) > 1e-6


@pytest.mark.parametrize("name", FUNCTIONS)
def test_errors_keep_their_bounds_and_their_order(name: str) -> None:
    f, slope, bend = FUNCTIONS[name]
    for m in (4, 16, 64):
        gaps = [worst(straight_pieces(f, n), f, relu) for n in (m, 2 * m)]
        assert gaps[0] <= bend / 8 / m**2 + TOLERANCE
        if m > 4:
            assert abs(gaps[0] / gaps[1] - 4) < 0.2
        steep = [
            worst(staircase(f, n, steepness=1000), f, SIGMOID)
            for n in (m, 2 * m)
        ]
        assert steep[0] <= slope / 2 / m
        if m > 4:
            assert abs(steep[0] / steep[1] - 2) < 0.2


def test_the_bounds_are_sharp_for_the_sine() -> None:
    straight = float(worst(straight_pieces(wave, 256), wave, relu))
    assert straight > 0.99 * math.pi**2 / 2 / 256**2
    steep = float(worst(staircase(wave, 256, 1000), wave, SIGMOID))
    assert steep > 0.95 * math.pi / 256


def test_wide_sigmoids_have_the_order_of_straight_pieces() -> None:
    """Error h² max|f''| / 2 times the variance of sigmoid and step."""
    spread = math.pi**2 / 3 / 2**2 + 1 / 12
    for m in (32, 64, 128, 256):
        wide = staircase(wave, m, steepness=2, beyond=10)
        found = float(worst(wide, wave, SIGMOID))
        expected = 4 * math.pi**2 / 2 * spread / m**2
        assert abs(found / expected - 1) < 0.05


def test_a_square_as_activation_stays_a_parabola() -> None:
    """A polynomial activation is no universal one, however wide."""
    x = torch.linspace(-1, 1, 50, dtype=torch.float64)[:, None]
    for units in (1, 10, 100):
        z = forward(random_layers([1, units, 1]), x, torch.square)[1][-1]
        assert z.diff(n=3, dim=0).abs().max() < 1e-10 * z.abs().max()


def test_best_line_is_that_of_linear_programming() -> None:
    x = np.linspace(0, 1, 2001)
    y, ones = np.sin(2 * np.pi * x), np.ones_like(x)
    above = np.stack([-ones, -x, -ones], 1)  # y - a - b x <= e
    below = np.stack([ones, x, -ones], 1)
    done = linprog(
        [0, 0, 1],
        np.vstack([above, below]),
        np.concatenate([-y, y]),
        bounds=[(None, None)] * 3,
    )
    assert abs(done.fun - best_line_error()) < 1e-3
    assert 0.6 < done.fun < 0.75


def test_training_falls_behind_what_can_be_built() -> None:
    middle = {}
    for m in (8, 64):
        middle[m] = float(worst(trained(wave, m), wave, relu).median())
    built = float(worst(straight_pieces(wave, 64), wave, relu))
    assert middle[64] < 0.3 * middle[8]
    assert middle[64] > 5 * built
    assert middle[64] < 0.1 < 0.6 < best_line_error()


# Depth
@pytest.mark.parametrize("k", [1, 2, 3, 7, 12])
def test_the_sawtooth_is_a_triangle_wave(k: int) -> None:
    """Multiples of 2^-14 are exact in float32, so equality is, too."""
    x = (torch.arange(2**14 + 1) / 2**14)[:, None]
    z = forward(sawtooth_layers(k), x, relu)[1][-1]
    t = (x.double() * 2 ** (k - 1)) % 1
    triangle = 1 - (2 * t - 1).abs()
    assert torch.equal(z.double(), triangle)
    assert torch.equal(sawtooth(x, k), z)
    assert size([1, *[2] * k, 1]) == 6 * k + 1


@pytest.mark.parametrize("k", [1, 2, 3, 6, 10])
def test_depth_k_has_2_to_the_k_pieces(k: int) -> None:
    found = pieces(sawtooth_layers(k))
    assert len(found) == 2**k
    assert all(end - start == Fraction(1, 2**k) for start, end, _ in found)
    assert {abs(lines[0][0]) for _, _, lines in found} == {Fraction(2**k)}


NETWORKS = ([1, 6, 1], [1, 5, 4, 1], [1, 3, 3, 3, 2], [1, 8, 2, 6, 1])


def pieces_gap(m: ModuleType) -> dict[str, float]:
    """Values on a grid and slopes inside every piece, against autograd."""
    worst_gap = {"forward": 0.0, "gradient": 0.0}
    for seed, widths in enumerate(NETWORKS):
        layers = random_layers(widths, seed)
        found = m.pieces(layers, -3, 3)
        assert found[0][0] == -3 and found[-1][1] == 3
        for (_, end, one), (start, _, other) in pairwise(found):
            assert end == start and one != other
        for share in (Fraction(1, 9), Fraction(1, 2), Fraction(8, 9)):
            places = [float(a + share * (b - a)) for a, b, _ in found]
            x = torch.tensor(places)[:, None].requires_grad_()
            z = forward(layers, x, relu)[1][-1]
            for unit in range(widths[-1]):
                lines = [piece[2][unit] for piece in found]
                here = zip(lines, places, strict=True)
                exact = [float(s * Fraction(v) + h) for (s, h), v in here]
                value = gap(torch.tensor(exact), z[:, unit])
                (slope,) = torch.autograd.grad(
                    z[:, unit].sum(), x, retain_graph=True
                )
                steep = torch.tensor([[float(s)] for s, _ in lines])
                scale = 1 + float(steep.abs().max())
                for key, one in (
                    ("forward", value),
                    ("gradient", gap(slope, steep)),
                ):
                    worst_gap[key] = max(worst_gap[key], one / scale)
    return worst_gap


@pytest.mark.usefixtures("float64")
def test_pieces_have_the_values_and_slopes_of_the_network(
    proof: Callable[..., None],
) -> None:
    found = pieces_gap(feedforward_depth)
    assert max(found.values()) < TOLERANCE
    proof(
        ours="pieces",
        reference="torch.autograd.grad",
        case=f"{len(NETWORKS)} random networks, relative to the slope",
        kind="built",
        **found,
    )


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("if u[0] * middle + u[1] > 0", "if u[0] * middle + u[1] < 0"),
        ("for w, b in layers[:-1]", "for w, b in layers[1:-1]"),
        ("height += Fraction(weight) * h", "pass"),
        ("-h / s for s, h in sums", "h / s for s, h in sums"),
        ("Fraction(0), Fraction(offset)", "Fraction(0), Fraction(0)"),
        ("line == joined[-1][2]", "True"),
        ("if s and left", "if False and left"),
    ],
)
def test_pieces_notice_the_mutant(old: str, new: str) -> None:
    try:
        found = pieces_gap(mutate(feedforward_depth, old, new))
    except (AssertionError, ValueError, IndexError):
        return
    assert max(found.values()) > 1e-6


def test_no_kink_is_missed() -> None:
    """Between two neighbors on a fine grid a line has no second difference."""
    for seed, widths in enumerate(NETWORKS):
        layers = random_layers(widths, seed)
        kinks = [float(start) for start, *_ in pieces(layers, -3, 3)[1:]]
        x = torch.linspace(-3, 3, 6001, dtype=torch.float64)[:, None]
        z = forward(layers, x, relu)[1][-1]
        bends = z.diff(n=2, dim=0).abs().amax(1)
        at = x[1:-1, 0][bends > 1e-9 * z.abs().max()]
        for place in at.tolist():
            assert min(abs(place - kink) for kink in kinks) < 1.001e-3


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=4),
    st.integers(0, 10_000),
)
def test_pieces_keep_the_bound(hidden: list[int], seed: int) -> None:
    """Each layer multiplies by at most its width + 1."""
    layers = random_layers([1, *hidden, 1], seed)
    count = len(pieces(layers, -50, 50))
    assert 1 <= count <= math.prod(width + 1 for width in hidden)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_random_networks_have_about_a_piece_a_unit(depth: int) -> None:
    mean = random_pieces(36, depth)
    assert 0.8 * 36 < mean < 1.2 * 36
    assert depth > 1 or mean == 37


def test_few_pieces_miss_the_sawtooth_by_an_eighth() -> None:
    """|f - sawtooth| >= 1/8 - (p + 1) / 2^(k+2) for p pieces."""
    x = ((torch.arange(2**13) + 0.5) / 2**13).double()[:, None]
    random = torch.Generator().manual_seed(0)
    for k in (4, 6, 8):
        target = sawtooth(x, k)
        for p in (1, 3, 2 ** (k - 2), 2 ** (k - 1) - 2):
            below = 1 / 8 - (p + 1) / 2 ** (k + 2)
            for _ in range(5):
                heights = torch.rand(p + 1, generator=random).double()

                def some(t: Tensor, h: Tensor = heights) -> Tensor:
                    return h[(t * (len(h) - 1)).round().long()]

                z = forward(straight_pieces(some, p), x, relu)[1][-1]
                assert (z - target).abs().mean() >= below
        assert abs((target - 0.5).abs().mean() - 0.25) < 1e-3  # a constant


# Training
@pytest.mark.parametrize("budget", [300, 1500, 5000])
@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_widths_come_nearest_to_the_budget(budget: int, depth: int) -> None:
    widths = widths_for(budget, depth, 1, 1)
    net = nn.Sequential(*(nn.Linear(d, k) for d, k in pairwise(widths)))
    count = sum(p.numel() for p in net.parameters())
    assert count == size(widths)
    assert abs(count - budget) < 0.1 * budget
    for u in (widths[1] - 1, widths[1] + 1):
        other = size([1, *[u] * depth, 1])
        assert abs(other - budget) >= abs(count - budget)


def test_digits_at_equal_parameters_do_not_ask_for_depth() -> None:
    few = {d: float(digits_right(1500, d).mean()) for d in (1, 8)}
    assert few[1] > 0.95 and few[1] - few[8] > 0.04
    more = {d: float(digits_right(5000, d).mean()) for d in (1, 2, 8)}
    assert abs(more[1] - more[2]) < 0.01
    assert more[1] > 0.96 and more[1] - more[8] > 0.01


def test_training_does_not_find_the_sawtooth_of_16_pieces() -> None:
    x = ((torch.arange(128) + 0.5) / 128)[:, None]
    built = forward(sawtooth_layers(4), x, relu)[1][-1]
    assert torch.equal(built, sawtooth(x, 4))
    for depth in (2, 4):
        gaps = sawtooth_gaps(4, 300, depth)
        assert (gaps < 0.01).sum() <= 1
        assert gaps.median() > 0.1
    assert (sawtooth_gaps(2, 300, 2) < 0.01).all()


@pytest.mark.parametrize("seed", [1, 2])
def test_unseen_hands_cost_more_than_three_points(seed: int) -> None:
    scores = {}
    for kind in ("shuffled", "in order"):
        x, y, x_test, y_test = split(kind, seed)
        assert len(x) == 1200 and len(x_test) == 597
        layers = initialize([64, 100, 10], seed)
        for _ in range(30):
            descend(layers, epoch(x, y), cross_entropy, curves()["ReLU"])
        assert accuracy(layers, x, y) > 0.99
        scores[kind] = accuracy(layers, x_test, y_test)
    assert scores["shuffled"] > 0.95
    assert 0.88 < scores["in order"] < scores["shuffled"] - 0.03


def test_splits_share_no_image() -> None:
    for kind in ("shuffled", "in order"):
        x, _, x_test, _ = split(kind)
        same = (x[:, None] == x_test[None]).all(-1)
        assert not same.any()
    first, second = split("shuffled", 0)[0], split("shuffled", 1)[0]
    assert not torch.equal(first, second)


def test_the_first_loss_is_that_of_guessing() -> None:
    """A check before any training: ln k when all logits are equal."""
    layers = [(w, b) for w, b in initialize([64, 100, 10])]
    layers[-1][0].zero_()
    x, y, *_ = split("shuffled")
    ((x, target),) = epoch(x, y, size=1200)
    inputs, sums = forward(layers, x, relu)
    loss, delta = cross_entropy(sums[-1], target)
    assert abs(float(loss) - math.log(10)) < 1e-5
    found, _ = backward(layers, inputs, sums, delta, curves()["ReLU"][1])
    assert (found[0][0] == 0).all() and (found[1][0] != 0).any()


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: collapse([]), "layers is empty"),
        (lambda: straight_pieces(wave, 0), "units is 0; it must be at least 1"),
        (lambda: staircase(wave, 0), "units is 0"),
        (lambda: staircase(wave, 4, -1.0), "steepness is -1.0; it must be"),
        (lambda: sawtooth_layers(0), "k is 0; it must be at least 1"),
        (
            lambda: pieces(sawtooth_layers(1), 1, 1),
            "low is 1; it must be below",
        ),
        (lambda: pieces(random_layers([2, 3, 1])), "layers read 2 numbers"),
        (
            lambda: widths_for(10, 3, 64, 10),
            "budget is 10; it must be 89 or more",
        ),
    ],
)
def test_bad_input_is_named(run: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run()
