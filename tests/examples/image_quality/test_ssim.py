"""SSIM and its gradient against scikit-image, a hand loop and torch."""

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage import data
from skimage.metrics import structural_similarity
from torch.nn.functional import conv2d

from examples.image_quality import ssim as page
from examples.image_quality import ssim_gradient
from tests.mutants import mutate

EXACT = 1e-12
CLOSE = 1e-11  # E[x^2] - E[x]^2 rounds apart in one window
INSIDE = (slice(5, -5), slice(5, -5))
Pair = tuple[np.ndarray, np.ndarray, float]


def as_published(x: np.ndarray, y: np.ndarray, **more: object) -> Any:
    return structural_similarity(
        x,
        y,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        **more,
    )


def damaged(x: np.ndarray) -> list[np.ndarray]:
    noise = np.random.default_rng(0).normal(0, 25, x.shape)
    images = [x + noise, cv2.GaussianBlur(x, (0, 0), 2), 0.6 * x + 30]
    images += [255.0 - x, np.roll(x, 3, axis=1)]
    return [np.clip(np.rint(y), 0, 255).astype(np.uint8) for y in images]


def pairs() -> list[Pair]:
    made: list[Pair] = []
    for photo in (data.camera(), data.grass(), data.coins()):
        x = photo[:150, :131]
        for y in damaged(x):
            made += [(x, y, 255), (x / 255, y / 255, 1), (x, y, 400)]
    return made


def worst(m: ModuleType) -> dict[str, float]:
    """Largest differences of the index and of the map."""
    gaps = {"index": 0.0, "map": 0.0}
    for x, y, peak in pairs():
        theirs, local = as_published(x, y, data_range=peak, full=True)
        gap = abs(m.ssim(x, y, peak) - theirs)
        gaps["index"] = max(gaps["index"], gap)
        gap = np.abs(m.ssim_map(x, y, peak) - local[INSIDE]).max()
        gaps["map"] = max(gaps["map"], float(gap))
    return gaps


def by_hand(x: np.ndarray, y: np.ndarray, peak: float) -> np.ndarray:
    """The map from the definition: one window at a time, centered sums."""
    h, w = x.shape
    reach = range(-5, 6)
    weights = {
        (i, j): math.exp(-(i * i + j * j) / 4.5) for i in reach for j in reach
    }
    total = math.fsum(weights.values())
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    made = np.empty((h - 10, w - 10))
    for row, column in np.ndindex(made.shape):

        def mean(value: Callable[[float, float], float]) -> float:
            terms = (
                weight * value(x[at], y[at])
                for (i, j), weight in weights.items()
                for at in [(row + 5 + i, column + 5 + j)]  # noqa: B023
            )
            return math.fsum(terms) / total

        mx, my = mean(lambda a, b: a), mean(lambda a, b: b)
        vx = mean(lambda a, b: (a - mx) ** 2)  # noqa: B023
        vy = mean(lambda a, b: (b - my) ** 2)  # noqa: B023
        vxy = mean(lambda a, b: (a - mx) * (b - my))  # noqa: B023
        sx, sy = math.sqrt(vx), math.sqrt(vy)
        luminance = (2 * mx * my + c1) / (mx**2 + my**2 + c1)
        contrast = (2 * sx * sy + c2) / (vx + vy + c2)
        structure = (vxy + c2 / 2) / (sx * sy + c2 / 2)
        made[row, column] = luminance * contrast * structure
    return made


def loop_gap(m: ModuleType) -> float:
    x = data.camera()[200:216, 150:165].astype(np.float64)
    y = x + np.random.default_rng(1).normal(0, 20, x.shape)
    return float(np.abs(m.ssim_map(x, y, 255) - by_hand(x, y, 255)).max())


def test_equals_scikit_image(proof: Callable[..., None]) -> None:
    gaps = worst(page)
    assert gaps["index"] < EXACT, gaps
    assert gaps["map"] < CLOSE, gaps
    for ours, name in (("ssim", "index"), ("ssim_map", "map")):
        proof(
            ours=ours,
            reference="skimage.metrics.structural_similarity",
            case=f"{len(pairs())} pairs",
            error=gaps[name],
        )


def test_equals_the_definition_window_by_window() -> None:
    assert loop_gap(page) < EXACT


def test_color_equals_scikit_image(proof: Callable[..., None]) -> None:
    x = data.astronaut()[:120, :100]
    noise = np.random.default_rng(0).normal(0, 25, x.shape)
    y = np.clip(np.rint(x + noise), 0, 255).astype(np.uint8)
    theirs = as_published(x, y, data_range=255, channel_axis=-1)
    gap = abs(page.channel_ssim(x, y) - theirs)
    assert gap < EXACT
    proof(
        ours="channel_ssim",
        reference="skimage.metrics.structural_similarity",
        case="1 pair, RGB",
        error=float(gap),
    )


MUTANTS = {
    "another K1": ("K1, K2 = 0.01, 0.03", "K1, K2 = 0.011, 0.03"),
    "another K2": ("K1, K2 = 0.01, 0.03", "K1, K2 = 0.01, 0.031"),
    "K1 and K2 exchanged": ("K1, K2 = 0.01", "K2, K1 = 0.01"),
    "constants not squared": ("(K2 * peak) ** 2", "(K2 * peak)"),
    "another sigma": ("sigma: float = 1.5", "sigma: float = 1.501"),
    "9 taps": ("size: int = 11", "size: int = 9"),
    "a flat window": ("np.exp(-(offset**2)", "np.exp(-0 * (offset**2)"),
    "window not normalized": ("weights / weights.sum()", "weights"),
    "one axis alone": (
        "sliding_window_view(down, len(window), axis=1) @ window",
        "down[:, 5:-5]",
    ),
    "sample covariance": ("- mx * my\n", "- mx * my\n    vxy *= 121 / 120\n"),
    "variance around zero": ("- my**2\n", "\n"),
    "covariance without its 2": ("(2 * vxy + c2)", "(vxy + c2)"),
    "means instead of their product": ("2 * mx * my + c1", "mx + my + c1"),
    "uint8 products": (
        "x, y = x.astype(np.float64), y.astype(np.float64)",
        "pass",
    ),
    "every other row of the map": (
        "data_range).mean())",
        "data_range)[::2].mean())",
    ),
    "the range of the pixels": (
        "peak = checked_range(x, data_range)",
        "peak = x.max()",
    ),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_the_comparison_notices(mutation: str) -> None:
    mutant = mutate(page, *MUTANTS[mutation])
    try:
        gaps = worst(mutant)
    except ValueError:  # maps of two sizes
        return
    assert gaps["index"] > EXACT or gaps["map"] > CLOSE


def gradient_gaps(m: ModuleType) -> dict[str, float]:
    """The gradient times the number of windows, against three references."""
    x = data.camera()[150:192, 180:217].astype(np.float64)
    y = x + np.random.default_rng(2).normal(0, 20, x.shape)
    windows = (x.shape[0] - 10) * (x.shape[1] - 10)
    ours = m.ssim_gradient(x, y, 255) * windows

    _, theirs = as_published(x, y, data_range=255, gradient=True)
    middle = (slice(10, -10), slice(10, -10))  # clear of their border
    gap = np.abs(ours - theirs * x.size)[middle].max()
    gaps = {"skimage": float(gap)}

    a, b = (torch.from_numpy(image)[None, None] for image in (x, y))
    b.requires_grad_()
    row = page.gaussian_window()
    window = torch.from_numpy(np.outer(row, row))[None, None]
    (slope,) = torch.autograd.grad(torch_ssim(a, b, window), b)
    gap = np.abs(ours - slope.numpy()[0, 0] * windows).max()
    gaps["torch"] = float(gap)

    gaps["differences"] = 0.0
    for at in ((0, 0), (3, 20), (20, 18), (41, 36), (12, 0)):
        up, down = y.copy(), y.copy()
        up[at] += 1e-3
        down[at] -= 1e-3
        rise = page.ssim(x, up, 255) - page.ssim(x, down, 255)
        gap = abs(ours[at] - rise / 2e-3 * windows)
        gaps["differences"] = max(gaps["differences"], float(gap))
    return gaps


def torch_ssim(
    x: torch.Tensor, y: torch.Tensor, window: torch.Tensor
) -> torch.Tensor:
    mx, my = conv2d(x, window), conv2d(y, window)
    vx = conv2d(x * x, window) - mx * mx
    vy = conv2d(y * y, window) - my * my
    vxy = conv2d(x * y, window) - mx * my
    c1, c2 = 2.55**2, 7.65**2
    above = (2 * mx * my + c1) * (2 * vxy + c2)
    return (above / ((mx**2 + my**2 + c1) * (vx + vy + c2))).mean()


def test_gradient_equals_three_references(proof: Callable[..., None]) -> None:
    gaps = gradient_gaps(ssim_gradient)
    assert gaps["skimage"] < EXACT
    assert gaps["torch"] < EXACT
    assert gaps["differences"] < 1e-7
    for name, reference in (
        ("skimage", "skimage.metrics.structural_similarity"),
        ("torch", "torch.autograd.grad"),
    ):
        proof(
            ours="ssim_gradient",
            reference=reference,
            case="42 × 37, per window",
            error=gaps[name],
        )


GRADIENT_MUTANTS = {
    "the factor 2": ("2 * slope / s.size", "slope / s.size"),
    "means of x and y exchanged": (
        "mx * (a2 - a1) - my",
        "my * (a2 - a1) - mx",
    ),
    "the mean held fixed": ("slope += spread(", "slope += 0 * spread("),
    "no spreading": ("len(window) - 1)", "0)"),
    "divided by pixels": ("/ s.size", "/ x.size"),
    "the wrong denominator": ("spread(s / b2)", "spread(s / b1)"),
}


@pytest.mark.parametrize("mutation", GRADIENT_MUTANTS)
def test_the_gradient_comparison_notices(mutation: str) -> None:
    mutant = mutate(ssim_gradient, *GRADIENT_MUTANTS[mutation])
    try:
        gaps = gradient_gaps(mutant)
    except ValueError:  # a gradient of another shape
        return
    assert gaps["torch"] > EXACT
    assert gaps["differences"] > 1e-7


def test_the_product_of_the_terms_is_the_map() -> None:
    x = data.camera()[:80, :90]
    for y in damaged(x):
        product = np.prod(page.ssim_terms(x, y), axis=0)
        gap = np.abs(product - page.ssim_map(x, y)).max()
        assert gap < 1e-9  # roots of variances near 0 cost some digits


def test_contrast_times_structure_is_a_normalized_error() -> None:
    x = data.camera()[:80, :90]
    window = page.gaussian_window()
    for y in damaged(x):
        _, contrast, structure = page.ssim_terms(x, y)
        _, _, vx, vy, _ = page.local_moments(x, y, window)
        e = y.astype(np.float64) - x
        ve = page.local_mean(e * e, window) - page.local_mean(e, window) ** 2
        expected = 1 - ve / (vx + vy + 7.65**2)
        assert np.abs(contrast * structure - expected).max() < 1e-9


images = arrays(np.uint8, (12, 13))


@given(images, images)
def test_range_symmetry_and_identity(x: np.ndarray, y: np.ndarray) -> None:
    local = page.ssim_map(x, y)
    assert local.shape == (2, 3)
    assert np.abs(local).max() <= 1 + 1e-9
    assert np.abs(local - page.ssim_map(y, x)).max() < EXACT
    assert page.ssim(x, x) == pytest.approx(1, abs=EXACT)


@given(images, images, st.floats(0.01, 100))
def test_scaling_images_and_range_together_changes_nothing(
    x: np.ndarray, y: np.ndarray, scale: float
) -> None:
    scaled = page.ssim_map(x * scale, y * scale, 255 * scale)
    assert np.abs(scaled - page.ssim_map(x, y)).max() < 1e-9


def test_the_window_sums_to_one_and_separates() -> None:
    row = page.gaussian_window()
    assert len(row) == 11
    assert row.sum() == pytest.approx(1, abs=1e-15)
    assert row[4] / row[5] == pytest.approx(math.exp(-1 / 4.5))
    image = np.random.default_rng(0).normal(size=(15, 13))
    whole = [
        [
            (image[i : i + 11, j : j + 11] * np.outer(row, row)).sum()
            for j in range(3)
        ]
        for i in range(5)
    ]
    assert np.abs(page.local_mean(image, row) - whole).max() < 1e-14


def test_a_negative_checkerboard_nearly_reaches_minus_one() -> None:
    board = (np.indices((32, 32)).sum(axis=0) % 2 * 255).astype(np.uint8)
    assert -1 < page.ssim(board, 255 - board) < -0.99
    c1, c2, v = 2.55**2, 7.65**2, 127.5**2  # the closed form, 50 % white
    expected = (2 * v + c1) / (2 * v + c1) * (c2 - 2 * v) / (c2 + 2 * v)
    assert page.ssim(board, 255 - board) == pytest.approx(expected, abs=1e-4)


def test_the_same_step_in_brightness_costs_more_in_the_dark() -> None:
    values = []
    for level in (20.0, 60.0, 120.0, 200.0):
        x = np.full((12, 12), level)
        value = page.ssim(x, x + 20, 255)
        c1, y = 2.55**2, level + 20
        expected = (2 * level * y + c1) / (level**2 + y**2 + c1)
        assert value == pytest.approx(expected, abs=1e-9)
        values.append(value)
    assert values == sorted(values)


def test_the_same_noise_costs_less_where_there_is_texture() -> None:
    x = data.camera().astype(np.float64)
    noise = np.random.default_rng(0).normal(0, 15, x.shape)
    local = page.ssim_map(x, x + noise, 255)
    sky, grass = local[10:60, 350:480], local[420:490, 380:480]
    assert grass.mean() > sky.mean() + 0.2


def test_a_wrong_range_flatters_or_condemns() -> None:
    x, y = (image / 255 for image in (data.camera(), damaged(data.camera())[0]))
    right = page.ssim(x, y, 1)
    assert page.ssim(x, y, 255) > 0.99 > right + 0.3
    assert page.ssim(x * 255, y * 255, 1) < right - 0.05


def test_symmetric_ranges_are_another_measure() -> None:
    x, y = data.camera() / 255, damaged(data.camera())[2] / 255
    gap = page.ssim(2 * x - 1, 2 * y - 1, 2) - page.ssim(x, y, 1)
    assert abs(gap) > 0.01


def test_float32_forgets_small_variances_of_large_values() -> None:
    rng = np.random.default_rng(0)
    x = 30000 + rng.normal(0, 5, (64, 64))
    y = x + rng.normal(0, 5, x.shape)
    exact = page.ssim(x, y, 100)
    narrow = [image.astype(np.float32) for image in (x, y)]
    theirs = as_published(*narrow, data_range=100)
    assert abs(theirs - exact) > 0.03  # E[x^2] has no digits left
    assert abs(page.ssim(*narrow, 100) - exact) < 0.01  # it sums in float64


ONE = np.zeros((12, 12), np.uint8)
COLOR = np.zeros((12, 12, 3), np.uint8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: page.ssim(ONE[:10], ONE[:10]),
            r"\(10, 12\); the window needs 11",
        ),
        (lambda: page.ssim(COLOR, COLOR), "must be gray"),
        (lambda: page.ssim(ONE, ONE[1:]), "not one shape"),
        (lambda: page.ssim(ONE, ONE / 1, 255), "not one type"),
        (lambda: page.ssim(ONE / 1, ONE / 1), "data_range None"),
        (lambda: page.ssim(ONE / 1, ONE * np.nan, 1), "y has NaN"),
        (lambda: page.ssim(ONE, ONE, 0), "data_range is 0"),
        (
            lambda: page.ssim_map(ONE, ONE, size=10),
            "size is 10; it must be odd",
        ),
        (lambda: page.ssim_map(ONE, ONE, sigma=0), "sigma is 0"),
        (lambda: page.channel_ssim(ONE, ONE), r"both \(h, w, c\)"),
        (lambda: page.channel_ssim(COLOR, COLOR[..., :1]), r"both \(h, w, c\)"),
        (lambda: ssim_gradient.ssim_gradient(COLOR, COLOR), "must be gray"),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
