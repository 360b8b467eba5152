"""RANSAC on real photographs whose homography is known."""

from collections.abc import Callable
from types import ModuleType

import cv2
import numpy as np
import pytest
from skimage import data
from sklearn.datasets import load_sample_image

from examples.image_processing import features_ransac
from examples.image_processing.features_homography import fit, project
from tests.mutants import mutate

PHOTOGRAPHS = ("astronaut", "camera", "coffee", "china", "coins", "gravel")
KINDS = ("rotation", "scale", "perspective", "shear")


def gray(name: str) -> np.ndarray:
    if name == "china":
        image = load_sample_image("china.jpg")
    else:
        image = getattr(data, name)()
    if image.ndim == 2:
        return image
    return cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)


def homography(kind: str, h: int, w: int) -> np.ndarray:
    if kind == "rotation":
        affine = cv2.getRotationMatrix2D((w / 2, h / 2), 25, 0.8)
        return np.vstack([affine, [0, 0, 1]])
    if kind == "scale":
        return np.array([[0.7, 0, 40], [0, 0.7, 30], [0, 0, 1]])
    if kind == "shear":
        return np.array([[0.9, 0.15, 5], [-0.1, 0.95, 50], [0, 0, 1]])
    corners = [[0, 0], [w - 1, 0], [w - 1, h - 1], [0, h - 1]]
    shares = [[0.12, 0.08], [0.92, 0.02], [0.85, 0.9], [0.05, 0.97]]
    moved = np.array(shares, np.float32) * np.array([w, h], np.float32)
    return cv2.getPerspectiveTransform(np.array(corners, np.float32), moved)


def matched(name: str, kind: str, ratio: float = 0.8) -> tuple:
    image = gray(name)
    true = homography(kind, *image.shape)
    view = cv2.warpPerspective(image, true, image.shape[::-1])
    orb = cv2.ORB_create(3000)
    (p, a), (q, b) = (orb.detectAndCompute(x, None) for x in (image, view))
    two = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(a, b, 2)
    good = [m for m, n in two if m.distance < ratio * n.distance]
    source = np.array([p[m.queryIdx].pt for m in good])
    target = np.array([q[m.trainIdx].pt for m in good])
    return true, source, target, image.shape


def corner_error(h: np.ndarray, true: np.ndarray, size: tuple) -> float:
    height, width = size
    corners = [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]
    four = np.array([corners], np.float64)
    gap = cv2.perspectiveTransform(four, h) - cv2.perspectiveTransform(
        four, true
    )
    return float(np.linalg.norm(gap, axis=2).max())


def test_orb_and_ransac_recover_the_homography(
    proof: Callable[..., None],
) -> None:
    worst = {"ransac": 0.0, "magsac": 0.0, "refitted": 0.0}
    views = 0
    for name in PHOTOGRAPHS:
        for kind in KINDS:
            true, source, target, size = matched(name, kind)
            found, inliers = features_ransac.ransac(source, target)
            magsac, _ = cv2.findHomography(source, target, cv2.USAC_MAGSAC, 3.0)
            _, mask = cv2.findHomography(source, target, cv2.RANSAC, 3.0)
            kept = mask.ravel() == 1
            refitted, _ = cv2.findHomography(source[kept], target[kept], 0)
            for way, h in zip(worst, (found, magsac, refitted), strict=True):
                worst[way] = max(worst[way], corner_error(h, true, size))
            wrong = np.linalg.norm(project(true, source) - target, axis=1) > 6
            assert not (wrong & inliers).any()
            views += 1
    assert max(worst.values()) < 1, worst
    proof(
        ours="ransac",
        reference="cv2.perspectiveTransform",
        case=f"ORB, {views} views, H known",
        measure="px at the corners",
        difference=worst["ransac"],
    )


def test_refitting_lowers_the_error_of_what_opencv_returns() -> None:
    higher = 0
    for name in ("camera", "coffee", "coins"):
        for kind in KINDS:
            _, source, target, _ = matched(name, kind)
            h, mask = cv2.findHomography(source, target, cv2.RANSAC, 3.0)
            p, q = source[mask.ravel() == 1], target[mask.ravel() == 1]
            rms = [
                np.sqrt(np.square(project(m, p) - q).sum(1).mean())
                for m in (h, fit(p, q))
            ]
            assert rms[1] <= rms[0] + 1e-6
            higher += rms[0] > 1.005 * rms[1]
    assert higher >= 6  # of 12


def test_points_in_one_place_leave_the_corners_to_chance() -> None:
    true, source, target, size = matched("text", "perspective")
    found, inliers = features_ransac.ransac(source, target)
    gap = features_ransac.errors(found, source[inliers], target[inliers])
    assert np.median(gap) < 1.5  # fine where there are points
    assert corner_error(found, true, size) > 1.5  # and not elsewhere


def outlier_error(module: ModuleType, threshold: float = 3.0) -> float:
    true = np.array([[0.9, -0.2, 80], [0.1, 1.1, -20], [1e-4, 2e-4, 1]])
    worst = 0.0
    for seed in range(5):
        source, target = module.noisy_pairs(true, seed)
        try:
            h, _ = module.ransac(source, target, threshold, seed=seed)
        except ValueError:
            return np.inf
        worst = max(worst, corner_error(h, true, (500, 500)))
    return worst


def test_half_wrong_pairs_do_not_matter() -> None:
    assert outlier_error(features_ransac) < 1


MUTANTS = {
    "outliers instead of inliers": (
        "<= threshold\n        if",
        ">= threshold\n        if",
    ),
    "keeps a poor sample": (
        "if inliers.sum() > best.sum():",
        "if inliers.sum() < best.sum() + 4:",
    ),
    "fit to all pairs": (
        "h = fit(source[best], target[best])\n    return",
        "h = fit(source, target)\n    return",
    ),
    "maps the wrong way": (
        "guess = dlt(source[chosen], target[chosen])",
        "guess = dlt(target[chosen], source[chosen])",
    ),
    "stops after one sample": (
        "trials(best.mean(), 4, confidence))",
        "1)",
    ),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_recovery_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(features_ransac, *MUTANTS[mutation])
    assert not outlier_error(mutant) < 1


@pytest.mark.parametrize("share", [0.95, 0.7, 0.5, 0.2])
@pytest.mark.parametrize("sample", [2, 4, 8])
def test_trials_are_the_least_that_reach_the_confidence(
    share: float, sample: int
) -> None:
    n = features_ransac.trials(share, sample, 0.99)
    all_bad = 1 - share**sample
    assert all_bad**n <= 0.01
    assert n == 1 or all_bad ** (n - 1) > 0.01


def test_trials_hold_in_a_simulation() -> None:
    n = features_ransac.trials(0.5, 4, 0.95)
    clean = np.random.default_rng(0).random((4000, n, 4)) < 0.5
    share = clean.all(axis=2).any(axis=1).mean()
    assert 0.94 < share < 0.97


def test_collinear_samples_are_refused() -> None:
    line = np.array([[0, 0], [10, 10], [20, 20], [5, 30]], np.float64)
    assert features_ransac.collinear(line)
    line[1, 1] += 0.01  # nearly so
    assert features_ransac.collinear(line)
    square = np.array([[0, 0], [9, 0], [9, 9], [0, 9]], np.float64)
    assert not features_ransac.collinear(square)
    assert features_ransac.collinear(square[[0, 1, 2, 2]])


def test_a_degenerate_majority_does_not_stop_the_search() -> None:
    rng = np.random.default_rng(0)
    true = homography("perspective", 400, 400)
    x = rng.uniform(0, 400, 150)
    source = np.vstack(
        [np.stack([x, 0.5 * x + 40], 1), rng.uniform(0, 400, (50, 2))]
    )
    found, inliers = features_ransac.ransac(source, project(true, source))
    assert corner_error(found, true, (400, 400)) < 1e-6
    assert inliers.all()


def test_a_threshold_is_in_pixels_of_the_image_at_hand() -> None:
    """On a quarter-size copy 3 px forgive 12 px of the original."""
    rng = np.random.default_rng(0)
    true = homography("shear", 400, 400)
    source = rng.uniform(0, 400, (200, 2))
    target = project(true, source)
    target[:60] += 8  # wrong by 11 px
    _, large = features_ransac.ransac(source, target, threshold=3)
    _, small = features_ransac.ransac(source / 4, target / 4, threshold=3)
    assert not large[:60].any()
    assert small[:60].all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda p: features_ransac.ransac(p[:4], p[:4]),
            "4 pairs; at least 5 needed",
        ),
        (
            lambda p: features_ransac.ransac(p[:6], p[6:12] * 9, 0.01),
            "no fifth pair supports",
        ),
        (lambda p: features_ransac.trials(0.5, 4, 1.0), "confidence is 1.0"),
        (lambda p: features_ransac.trials(0, 4, 0.99), "inlier_share is 0"),
        (lambda p: features_ransac.trials(70, 4, 0.9), "inlier_share is 70"),
    ],
)
def test_bad_input_is_named(
    call: Callable[[np.ndarray], object], message: str
) -> None:
    points = np.random.default_rng(0).uniform(0, 300, (12, 2))
    with pytest.raises(ValueError, match=message):
        call(points)
