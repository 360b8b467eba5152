"""DLT and its refinement against cv2.findHomography and the true map."""

from collections.abc import Callable
from types import ModuleType

import cv2
import numpy as np
import pytest

from examples.image_processing import features_homography
from tests.mutants import mutate

CORNERS = np.array([[0, 0], [511, 0], [511, 511], [0, 511]], np.float64)


def some_homography(rng: np.random.Generator) -> np.ndarray:
    """Corners of a square of 512 px, each moved by up to 80 px."""
    moved = CORNERS + rng.uniform(-80, 80, (4, 2))
    return cv2.getPerspectiveTransform(
        CORNERS.astype(np.float32), moved.astype(np.float32)
    )


def some_pairs(seed: int, n: int, noise: float) -> tuple:
    rng = np.random.default_rng(seed)
    h = some_homography(rng)
    source = np.vstack([CORNERS, rng.uniform(0, 511, (n - 4, 2))])
    target = features_homography.project(h, source)
    target = target + rng.normal(0, noise, (n, 2))
    # OpenCV keeps points in float32: give both exactly those
    source, target = source.astype(np.float32), target.astype(np.float32)
    return h, source.astype(np.float64), target.astype(np.float64)


def corner_gap(a: np.ndarray, b: np.ndarray) -> float:
    there = [cv2.perspectiveTransform(CORNERS[None], h)[0] for h in (a, b)]
    return float(np.linalg.norm(there[0] - there[1], axis=1).max())


def exact_gap(module: ModuleType) -> float:
    worst = 0.0
    for seed in range(20):
        for n in (4, 5, 10, 100):
            _, source, target = some_pairs(seed, n, 0)
            opencv, _ = cv2.findHomography(source, target, 0)
            ours = module.dlt(source, target)
            worst = max(worst, corner_gap(ours, opencv))
    return worst


def noisy_gap(module: ModuleType) -> float:
    worst = 0.0
    for seed in range(20):
        for n in (8, 20, 100):
            for noise in (0.5, 2):
                _, source, target = some_pairs(seed, n, noise)
                opencv, _ = cv2.findHomography(source, target, 0)
                ours = module.fit(source, target)
                worst = max(worst, corner_gap(ours, opencv))
    return worst


def test_dlt_equals_opencv_on_exact_points(
    proof: Callable[..., None],
) -> None:
    error = exact_gap(features_homography)
    assert error < 1e-4
    proof(
        ours="dlt",
        reference="cv2.findHomography",
        case="exact points, 4 … 100",
        measure="px at the corners",
        difference=error,
    )


def test_fit_equals_opencv_on_noisy_points(
    proof: Callable[..., None],
) -> None:
    error = noisy_gap(features_homography)
    assert error < 2e-3
    proof(
        ours="fit",
        reference="cv2.findHomography",
        case="noisy points, 8 … 100",
        measure="px at the corners",
        difference=error,
    )


def test_dlt_alone_is_not_what_opencv_returns() -> None:
    gaps = []
    for seed in range(20):
        _, source, target = some_pairs(seed, 20, 2)
        opencv, _ = cv2.findHomography(source, target, 0)
        alone = features_homography.dlt(source, target)
        gaps.append(corner_gap(alone, opencv))
    assert np.median(gaps) > 0.05


def test_refinement_is_a_minimum_of_the_error_in_pixels() -> None:
    def cost(h: np.ndarray) -> float:
        gap = features_homography.project(h, source) - target
        return float(np.square(gap).sum())

    _, source, target = some_pairs(3, 20, 1)
    h = features_homography.fit(source, target)
    assert cost(h) < cost(features_homography.dlt(source, target))
    for place in range(8):
        for sign in (-1, 1):
            nudged = h.copy()
            nudged.flat[place] *= 1 + sign * 1e-4
            assert cost(nudged) > cost(h)


EXACT = {
    "a target left out of the equations": ("zero, p, -v * p", "zero, p, v * p"),
    "normalization not undone": (
        "np.linalg.inv(after) @ h @ before",
        "h @ before",
    ),
    "maps the wrong way": (
        "h / h[2, 2]\n\n\n# --8<-- [end:dlt]",
        "np.linalg.inv(h)\n\n\n# --8<-- [end:dlt]",
    ),
    "largest direction": ("directions[8]", "directions[7]"),
    "u twice": ("zero, p, -v * p", "zero, p, -u * p"),
    "columns for rows": ("reshape(3, 3)  #", "reshape(3, 3).T  #"),
}


@pytest.mark.parametrize("mutation", EXACT)
def test_exact_comparison_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(features_homography, *EXACT[mutation])
    try:
        gap = exact_gap(mutant)
    except ValueError:  # refuses what is in order
        gap = np.inf
    assert gap > 1e-4


NOISY = {
    "no refinement": ("steps: int = 10", "steps: int = 0"),
    "one step too few": ("steps: int = 10", "steps: int = 1"),
    "no division": ("mapped[:, :2] / mapped[:, 2:]", "mapped[:, :2]"),
    "wrong Jacobian": ("-u * scaled[:, :2]", "u * scaled[:, :2]"),
    "not divided by depth": ("p / (p @ h[2])[:, None]", "p * 1.0"),
}


@pytest.mark.parametrize("mutation", NOISY)
def test_noisy_comparison_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(features_homography, *NOISY[mutation])
    with np.errstate(all="ignore"):
        assert not noisy_gap(mutant) < 2e-3


def test_exact_float64_points_give_the_map_back() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        h = some_homography(rng)
        source = rng.uniform(0, 511, (30, 2))
        target = features_homography.project(h, source)
        found = features_homography.dlt(source, target)
        assert corner_gap(found, h) < 1e-9


def test_scale_and_order_of_the_pairs_do_not_matter() -> None:
    h, source, target = some_pairs(1, 30, 0.5)
    found = features_homography.fit(source, target)
    order = np.random.default_rng(0).permutation(30)
    again = features_homography.fit(source[order], target[order])
    assert corner_gap(found, again) < 1e-8
    points = features_homography.project(7 * h, CORNERS)
    assert np.allclose(points, features_homography.project(h, CORNERS))


def test_a_homography_found_on_a_small_copy_is_scaled_back() -> None:
    """x' = s (x + 1/2) - 1/2 for both photographs, H = S⁻¹ H' S."""
    h, source, target = some_pairs(2, 30, 0)
    s = 0.25
    shrink = np.array([[s, 0, (s - 1) / 2], [0, s, (s - 1) / 2], [0, 0, 1]])
    small = features_homography.fit(
        features_homography.project(shrink, source),
        features_homography.project(shrink, target),
    )
    assert corner_gap(np.linalg.inv(shrink) @ small @ shrink, h) < 1e-3
    assert corner_gap(small, h) > 10


LINE = np.array([[x, 2 * x + 1] for x in range(0, 100, 10)], np.float64)
THREE = np.array([[0, 0], [10, 10], [20, 20], [5, 30]], np.float64)
SPREAD = np.random.default_rng(0).uniform(0, 100, (10, 2))


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (SPREAD[:3], SPREAD[:3], "3 pairs; at least 4 needed"),
        (SPREAD, SPREAD[:9], "10 source but 9 target"),
        (SPREAD.T, SPREAD.T, r"source is \(2, 10\); it must be \(n, 2\)"),
        (LINE, LINE + 5, "too many are collinear"),
        (LINE, SPREAD, "too many are collinear"),
        (SPREAD, LINE, "too many are collinear"),
        (THREE, THREE + 5, "too many are collinear"),
        (SPREAD * 0, SPREAD, "all points coincide"),
    ],
)
def test_bad_input_is_named(
    source: np.ndarray, target: np.ndarray, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        features_homography.dlt(np.array(source), np.array(target))


def test_opencv_does_not_refuse_collinear_points() -> None:
    points = LINE.astype(np.float32)
    h, _ = cv2.findHomography(points, points + 5, 0)
    assert h is not None
