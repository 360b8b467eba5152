"""MSE, its relatives and its blindness against other implementations."""

import math
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm
from skimage import data, metrics
from sklearn.metrics import mean_absolute_error

from examples.image_quality import mse as page
from examples.image_quality import mse_blind, mse_picture
from tests.mutants import mutate

EXACT = 1e-12  # relative, float64


def pairs() -> list[tuple[np.ndarray, np.ndarray]]:
    """Every type, gray and color, far from and close to the reference."""
    rng = np.random.default_rng(0)
    made = []
    for photo in (data.camera(), data.astronaut(), data.moon()):
        small = photo[:60, :47]
        noise = rng.normal(0, 25, small.shape)
        y = np.clip(np.rint(small + noise), 0, 255).astype(np.uint8)
        made += [(small, y), (small, 255 - small)]
        made += [(small.astype(np.uint16) * 257, y.astype(np.uint16) * 257)]
        made += [(small / 255, y / 255)]
        made += [((small / 255).astype("f4"), (y / 255).astype("f4"))]
    return made


def by_hand(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    squares, sizes = [], []
    for a, b in zip(x.ravel().tolist(), y.ravel().tolist(), strict=True):
        squares.append((b - a) * (b - a))
        sizes.append(abs(b - a))
    return math.fsum(squares) / x.size, math.fsum(sizes) / x.size


def worst(m: ModuleType) -> dict[str, float]:
    """Largest relative differences from each reference."""
    gaps = {"skimage": 0.0, "loop": 0.0, "sklearn": 0.0, "nll": 0.0}

    def note(name: str, ours: float, theirs: float) -> None:
        gap = abs(ours - theirs) / max(abs(theirs), 1e-300)
        gaps[name] = max(gaps[name], gap)

    for x, y in pairs():
        a, b = x.astype(np.float64), y.astype(np.float64)
        note("skimage", m.mse(x, y), metrics.mean_squared_error(a, b))
        square, size = by_hand(x, y)
        note("loop", m.mse(x, y), square)
        note("loop", m.rmse(x, y), math.sqrt(square))
        note("loop", m.mae(x, y), size)
        mean = mean_absolute_error(a.ravel(), b.ravel())
        note("sklearn", m.mae(x, y), mean)
        for s in (0.5, 20.0):
            theirs = -norm.logpdf(b, loc=a, scale=s).sum()
            note("nll", m.gaussian_nll(x, y, s), theirs)
    return gaps


def gradient_gap(m: ModuleType) -> float:
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 1, (2, 5, 4))
    analytic, numeric, h = m.mse_gradient(x, y), np.zeros_like(y), 1e-2
    for at in np.ndindex(y.shape):
        up, down = y.copy(), y.copy()
        up[at] += h
        down[at] -= h  # central: exact for a parabola
        numeric[at] = (m.mse(x, up) - m.mse(x, down)) / (2 * h)
    return float(np.abs(analytic - numeric).max())


def test_equals_the_references(proof: Callable[..., None]) -> None:
    gaps = worst(page)
    assert max(gaps.values()) < EXACT, gaps
    case = f"{len(pairs())} pairs"
    proof(
        ours="mse",
        reference="skimage.metrics.mean_squared_error",
        case=case,
        error=gaps["skimage"],
    )
    proof(
        ours="mae",
        reference="sklearn.metrics.mean_absolute_error",
        case=case,
        error=gaps["sklearn"],
    )
    proof(
        ours="gaussian_nll",
        reference="scipy.stats.norm.logpdf",
        case=f"{case}, 2 levels",
        error=gaps["nll"],
    )


def test_gradient_equals_central_differences() -> None:
    assert gradient_gap(page) < 1e-12


MUTANTS = {
    "subtracts before widening": (
        "y.astype(np.float64) - x.astype(np.float64)",
        "(y - x).astype(np.float64)",
    ),
    "float32 sums": ("astype(np.float64)", "astype(np.float32)"),
    "sum instead of mean": (
        "np.mean(error(x, y) ** 2)",
        "np.sum(error(x, y) ** 2)",
    ),
    "divides by n - 1": (
        "np.mean(error(x, y) ** 2)",
        "np.var(error(x, y), ddof=1)",
    ),
    "variance of the error": (
        "np.mean(error(x, y) ** 2)",
        "np.var(error(x, y))",
    ),
    "MAE keeps the sign": (
        "np.mean(np.abs(error(x, y)))",
        "np.mean(error(x, y))",
    ),
    "median for the mean": ("np.mean(np.abs(", "np.median(np.abs("),
    "RMSE without the root": ("math.sqrt(mse(x, y))", "mse(x, y)"),
    "likelihood without its constant": (
        " + n / 2 * math.log(2 * math.pi * s**2)",
        "",
    ),
    "s for its square": ("/ (2 * s**2)", "/ (2 * s)"),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_the_comparison_notices(mutation: str) -> None:
    mutant = mutate(page, *MUTANTS[mutation])
    assert max(worst(mutant).values()) > EXACT


@pytest.mark.parametrize(
    ("old", "new"),
    [("2 * error(x, y)", "error(x, y)"), ("/ x.size", "/ len(x)")],
)
def test_the_differences_notice(old: str, new: str) -> None:
    assert gradient_gap(mutate(page, old, new)) > 1e-3


images = arrays(np.uint8, (6, 5))


@given(images, images)
def test_mae_rmse_and_the_largest_error_are_ordered(
    x: np.ndarray, y: np.ndarray
) -> None:
    largest = np.abs(page.error(x, y)).max()
    mae, rmse = page.mae(x, y), page.rmse(x, y)
    assert mae <= rmse * (1 + EXACT)
    assert rmse <= math.sqrt(largest * mae) * (1 + EXACT) <= largest + 1e-9


@given(images, images, st.integers(0, 1000))
def test_order_sign_and_exchange_do_not_matter(
    x: np.ndarray, y: np.ndarray, seed: int
) -> None:
    value = page.mse(x, y)
    order = np.random.default_rng(seed).permutation(x.size)
    moved = page.mse(x.ravel()[order], y.ravel()[order])
    assert moved == pytest.approx(value, rel=EXACT)
    assert page.mse(y, x) == value
    a, e = x.astype(np.float64), page.error(x, y)
    assert page.mse(a, a - e) == pytest.approx(value, rel=EXACT)
    assert (value == 0) == np.array_equal(x, y)


def test_the_likeliest_noise_level_is_the_rmse() -> None:
    x, y = pairs()[0]
    best = page.rmse(x, y)
    lowest = page.gaussian_nll(x, y, best)
    for factor in (0.9, 0.999, 1.001, 1.1):
        assert page.gaussian_nll(x, y, best * factor) > lowest


def test_a_shift_costs_twice_the_variance_times_one_minus_correlation() -> None:
    for photo in mse_blind.photographs().values():
        x = photo.astype(np.float64)
        for d in (1, 2, 7):
            rho = mse_blind.correlation(photo, d)
            value = page.mse(x, mse_blind.shifted(x, 0, d))
            expected = 2 * x.var() * (1 - rho)
            assert value == pytest.approx(expected, rel=EXACT)


def test_flat_gray_beats_the_grass_shifted_by_two_pixels() -> None:
    x = data.grass().astype(np.float64)
    flat = np.full_like(x, x.mean())
    assert page.mse(x, flat) == pytest.approx(x.var(), rel=EXACT)
    assert page.mse(x, flat) < page.mse(x, mse_blind.shifted(x, 0, 2))


def test_the_mean_of_all_answers_halves_the_expected_error() -> None:
    x = data.brick()[:40, :48]
    sharp, hedged = mse_blind.sharp_and_hedged(x)
    assert sharp == pytest.approx(2 * hedged, rel=EXACT)
    possible = mse_blind.all_shifts(x)  # and by brute force
    pairwise = [page.mse(a, b) for a in possible for b in possible]
    assert sharp == pytest.approx(float(np.mean(pairwise)), rel=EXACT)


def test_the_picture_shows_ten_pixels_and_their_errors() -> None:
    x, y = mse_picture.scanline()
    assert x.shape == y.shape == (10,)
    assert 0 <= min(x.min(), y.min()) <= max(x.max(), y.max()) <= 255
    squares = np.sort(page.error(x, y) ** 2)
    assert squares[-1] == 22**2 > squares[:-1].sum()
    assert mse_picture.squares_figure().axes


def test_uint8_arithmetic_calls_a_difference_of_16_perfect() -> None:
    x = data.camera().clip(0, 200)
    y = x + np.uint8(16)
    assert np.mean((y - x) ** 2) == 0 < page.mse(x, y) == 256


def test_torch_warns_of_two_shapes_and_a_subtraction_does_not() -> None:
    a, b = torch.rand(4), torch.rand(4, 1)
    assert (a - b).shape == (4, 4)
    with pytest.warns(UserWarning, match="target size"):
        torch.nn.functional.mse_loss(a, b)


ONE = np.zeros((4, 4), np.uint8)
HOLE = np.array([[0.0, np.nan], [1.0, 2.0]])


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (ONE, ONE[:3], r"x is \(4, 4\) and y \(3, 4\); not one shape"),
        (ONE, ONE[..., None], r"y \(4, 4, 1\); not one shape"),
        (ONE, ONE.astype(float), "x is uint8 and y float64; not one type"),
        (ONE, ONE.astype(int), "y is int64, not of"),
        (ONE > 0, ONE, "x is bool, not of"),
        (HOLE, HOLE, "x has NaN or inf; it must be finite"),
        (np.ones((2, 2)), HOLE, "y has NaN"),
        (ONE[:0], ONE[:0], r"x is \(0, 4\); it has no pixels"),
    ],
)
def test_bad_pairs_are_named(
    x: np.ndarray, y: np.ndarray, message: str
) -> None:
    for measure in (page.mse, page.rmse, page.mae, page.mse_gradient):
        with pytest.raises(ValueError, match=message):
            measure(x, y)


@pytest.mark.parametrize("s", [0.0, -1.0, math.nan, math.inf])
def test_bad_noise_levels_are_named(s: float) -> None:
    with pytest.raises(ValueError, match=r"s is .*positive and finite"):
        page.gaussian_nll(ONE, ONE, s)
