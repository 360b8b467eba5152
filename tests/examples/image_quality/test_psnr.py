"""PSNR against scikit-image and OpenCV, its averages and its luma."""

import math
from collections.abc import Callable
from types import ModuleType

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage import color, data, metrics

from examples.image_quality import psnr as page
from examples.image_quality import psnr_jpeg, psnr_ladder
from tests.mutants import mutate

EXACT = 1e-12


def noisy(photo: np.ndarray, strength: float) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, strength, photo.shape)
    return np.clip(np.rint(photo + noise), 0, 255).astype(np.uint8)


def pairs() -> list[tuple[np.ndarray, np.ndarray, float | None]]:
    made: list[tuple[np.ndarray, np.ndarray, float | None]] = []
    for photo in (data.camera(), data.astronaut(), data.moon()):
        x = photo[:64, :50]
        for strength in (1, 30):
            y = noisy(x, strength)
            made += [(x, y, None), (x, y, 219.0), (x / 255, y / 255, 1.0)]
            wide = x.astype(np.uint16) * 257, y.astype(np.uint16) * 257
            made += [(*wide, None)]
    return made


def worst(m: ModuleType) -> dict[str, float]:
    """Largest differences in dB from each reference."""
    gaps = {"skimage": 0.0, "cv2": 0.0}
    for x, y, given_range in pairs():
        ours = m.psnr(x, y, given_range)
        peak = given_range or float(np.iinfo(x.dtype).max)
        theirs = metrics.peak_signal_noise_ratio(x, y, data_range=peak)
        gaps["skimage"] = max(gaps["skimage"], abs(ours - theirs))
        gap = abs(ours - cv2.PSNR(x, y, R=peak))
        gaps["cv2"] = max(gaps["cv2"], gap)
    return gaps


def luma_gap(m: ModuleType) -> float:
    gaps = [
        np.abs(m.luma(rgb) - color.rgb2ycbcr(rgb)[..., 0]).max()
        for rgb in (data.astronaut(), data.coffee(), data.chelsea())
    ]
    return float(max(gaps))


def test_equals_scikit_image_and_opencv(proof: Callable[..., None]) -> None:
    gaps = worst(page)
    assert max(gaps.values()) < EXACT, gaps
    case = f"{len(pairs())} pairs"
    proof(
        ours="psnr",
        reference="skimage.metrics.peak_signal_noise_ratio",
        case=case,
        error=gaps["skimage"],
    )
    proof(ours="psnr", reference="cv2.PSNR", case=case, error=gaps["cv2"])


def test_luma_equals_scikit_image(proof: Callable[..., None]) -> None:
    gap = luma_gap(page)
    assert gap < EXACT
    proof(
        ours="luma",
        reference="skimage.color.rgb2ycbcr",
        case="3 photographs",
        error=gap,
    )


MUTANTS = {
    "20 for 10": ("10 * math.log10", "20 * math.log10"),
    "natural logarithm": ("math.log10(peak", "math.log(peak"),
    "peak not squared": ("peak**2 / mean", "peak / mean"),
    "255 whatever the range": (
        "mean_square, checked_range(x, data_range)",
        "mean_square, 255",
    ),
    "256 levels": ('"uint8": 255', '"uint8": 256'),
    "largest pixel as the peak": (
        "float(PEAKS[x.dtype.name])",
        "float(x.max())",
    ),
    "a little something against 0": (
        "peak**2 / mean_square",
        "peak**2 / (mean_square + 1e-8)",
    ),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_the_comparison_notices(mutation: str) -> None:
    assert max(worst(mutate(page, *MUTANTS[mutation])).values()) > EXACT


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("16 + rgb", "rgb"),
        ("rgb / 255", "rgb / 256"),
        ("(65.481, 128.553, 24.966)", "(24.966, 128.553, 65.481)"),
        ("128.553", "128.554"),
    ],
)
def test_the_luma_comparison_notices(old: str, new: str) -> None:
    assert luma_gap(mutate(page, old, new)) > EXACT


def test_identical_images_are_infinitely_good() -> None:
    x = data.camera()
    assert page.psnr(x, x) == math.inf
    assert page.decibels(255**2, 255) == 0


@given(st.floats(0.01, 1e4), st.floats(0.1, 1e5))
def test_decibels_go_there_and_back(m: float, peak: float) -> None:
    db = page.decibels(m, peak)
    assert page.mse_of(db, peak) == pytest.approx(m, rel=1e-10)
    half_rmse = page.decibels(m / 4, peak)
    assert half_rmse - db == pytest.approx(20 * math.log10(2), abs=1e-9)
    assert page.decibels(m / 10, peak) - db == pytest.approx(10, abs=1e-9)


@given(st.lists(st.floats(1e-3, 1e4), min_size=1, max_size=8))
def test_the_mean_of_psnrs_flatters(mses: list[float]) -> None:
    late, early = page.average_then_log(mses), page.log_then_average(mses)
    assert early >= late - 1e-9  # Jensen: -log is convex
    geometric = math.exp(math.fsum(map(math.log, mses)) / len(mses))
    assert early == pytest.approx(page.decibels(geometric, 255), abs=1e-9)


def test_one_perfect_image_makes_the_mean_of_psnrs_infinite() -> None:
    assert page.log_then_average([0, 100.0]) == math.inf
    assert page.average_then_log([0, 100.0]) < 32


def test_opencv_is_finite_for_identical_images_and_raises_for_types() -> None:
    x = data.camera()
    tiny = np.finfo(np.float64).eps
    expected = 20 * math.log10(255 / tiny)
    assert cv2.PSNR(x, x) == pytest.approx(expected, abs=1e-9)
    with pytest.raises(cv2.error):
        cv2.PSNR(x, x.astype(np.float32))


def test_rounding_to_8_bits_costs_what_the_page_says() -> None:
    x = np.random.default_rng(0).uniform(0, 255, (500, 500))
    assert abs(page.psnr(x, np.rint(x), 255) - 58.92) < 0.05
    dropped = np.rint(x / 16) * 16  # 4 bits fewer, 6.02 dB each
    assert abs(page.psnr(x, dropped, 255) - (58.92 - 4 * 6.02)) < 0.2


def test_gray_noise_costs_luma_what_it_costs_rgb_at_its_own_range() -> None:
    x = data.astronaut()[:200, :200].clip(60, 190)
    noise = np.random.default_rng(0).integers(-20, 21, (200, 200, 1))
    y = (x + noise).astype(np.uint8)  # the same on R, G and B
    rgb = page.psnr(x, y)
    assert page.psnr_y(x, y, 219) == pytest.approx(rgb, abs=1e-9)
    advantage = 20 * math.log10(255 / 219)
    assert page.psnr_y(x, y) - rgb == pytest.approx(advantage, abs=1e-9)


def test_jpeg_of_a_jpeg_is_not_monotone() -> None:
    x = data.grass()
    at = [page.psnr(x, psnr_jpeg.through_jpeg(x, q)[0]) for q in (89, 90, 91)]
    assert at[1] > max(at[0], at[2]) + 5


def test_the_grass_was_a_jpeg_of_quality_90() -> None:
    blocks = data.grass().reshape(64, 8, 64, 8).swapaxes(1, 2) - 128.0
    spectra = np.array([cv2.dct(block) for block in blocks.reshape(-1, 8, 8)])
    highest = spectra[:, 7, 7] / 20  # its quantization step at quality 90
    assert np.abs(highest - np.rint(highest)).max() < 0.2
    assert np.unique(np.rint(highest)).size > 5  # nor are they all 0


def test_subsampled_chroma_caps_the_quality_of_color() -> None:
    x = psnr_jpeg.photographs()["coffee"]
    full = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
    settings = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, full)
    capped, rate = psnr_jpeg.through_jpeg(x, 100)
    free, _ = psnr_jpeg.through_jpeg(x, 100, *settings)
    assert page.psnr(x, free) > page.psnr(x, capped) + 8
    code = cv2.imencode(".jpg", x, [cv2.IMWRITE_JPEG_QUALITY, 100])[1]
    assert rate == 8 * len(code.tobytes()) / (400 * 600)


@pytest.mark.parametrize("damage", [psnr_ladder.noisy, psnr_ladder.blurred])
@pytest.mark.parametrize("db", psnr_ladder.LEVELS)
def test_the_ladder_has_the_levels_it_shows(
    damage: psnr_ladder.Damage, db: float
) -> None:
    x = data.camera()[60:260, 130:330].astype(np.float64)
    y = psnr_ladder.at_psnr(x, damage, db)
    assert page.psnr(x, y, 255) == pytest.approx(db, abs=1e-3)


ONE = np.zeros((4, 4), np.uint8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: page.psnr(ONE / 255, ONE / 255),
            "x is float64 and data_range None",
        ),
        (
            lambda: page.psnr(ONE, ONE, 0),
            "data_range is 0; it must be positive",
        ),
        (lambda: page.psnr(ONE, ONE, -1), "data_range is -1"),
        (lambda: page.psnr(ONE, ONE, math.nan), "data_range is nan"),
        (lambda: page.psnr(ONE, ONE[:2]), "not one shape"),
        (lambda: page.psnr(ONE, ONE / 255, 1), "not one type"),
        (lambda: page.luma(ONE), r"rgb is uint8 \(4, 4\)"),
        (lambda: page.luma(np.ones((2, 2, 3))), "rgb is float64"),
        (lambda: page.average_then_log([]), r"mses is \[\]"),
        (lambda: page.log_then_average([1, -1]), r"mses is \[1, -1\]"),
        (lambda: page.log_then_average([math.nan]), r"mses is \[nan\]"),
        (lambda: psnr_jpeg.through_jpeg(ONE, 101), "quality is 101"),
        (lambda: psnr_jpeg.through_jpeg(ONE / 1, 50), "x is float64; JPEG"),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
