"""FAST against OpenCV, pixel for pixel, and against the definition."""

from collections.abc import Callable
from types import ModuleType

import cv2
import numpy as np
import pytest
from skimage import data

from examples.image_processing import features_fast
from examples.image_processing.features_circle import longest_run
from tests.mutants import mutate

PHOTOGRAPHS = ("camera", "coins", "brick", "page", "text", "moon", "gravel")
THRESHOLDS = (5, 20, 40)


def opencv_points(
    image: np.ndarray, threshold: int, suppress: bool
) -> dict[tuple[int, int], float]:
    detector = cv2.FastFeatureDetector_create(threshold, suppress)
    return {
        (int(k.pt[0]), int(k.pt[1])): k.response for k in detector.detect(image)
    }


def differing_pixels(
    module: ModuleType, names: tuple[str, ...]
) -> tuple[int, int]:
    differing = total = 0
    for name in names:
        image = getattr(data, name)()
        for threshold in THRESHOLDS:
            y, x = np.nonzero(module.segment_test(image, threshold))
            ours = set(zip(x.tolist(), y.tolist(), strict=True))
            theirs = set(opencv_points(image, threshold, suppress=False))
            differing += len(ours ^ theirs)
            total += len(theirs)
    return differing, total


def differing_corners(module: ModuleType, names: tuple[str, ...]) -> int:
    differing = 0
    for name in names:
        image = getattr(data, name)()
        for threshold in THRESHOLDS:
            ours = set(map(tuple, module.fast_corners(image, threshold)))
            theirs = set(opencv_points(image, threshold, suppress=True))
            differing += len(ours ^ theirs)
    return differing


def test_segment_test_equals_opencv(proof: Callable[..., None]) -> None:
    differing, total = differing_pixels(features_fast, PHOTOGRAPHS)
    assert differing == 0
    assert total > 100_000
    proof(
        ours="segment_test",
        reference="cv2.FastFeatureDetector",
        case="7 photographs, thresholds 5, 20, 40",
        measure="pixels",
        difference=differing,
    )


def test_suppression_equals_opencv(proof: Callable[..., None]) -> None:
    differing = differing_corners(features_fast, PHOTOGRAPHS)
    assert differing == 0
    proof(
        ours="fast_corners",
        reference="cv2.FastFeatureDetector",
        case="the same, suppressed",
        measure="pixels",
        difference=differing,
    )


def test_score_is_the_largest_threshold_passed_plus_one() -> None:
    image = data.coins()
    score = features_fast.fast_score(image)
    for (x, y), response in opencv_points(image, 20, suppress=True).items():
        assert score[y, x] == response + 1


MUTANTS = {
    "ten in a row": ("ARC = 9", "ARC = 10"),
    "eight in a row": ("ARC = 9", "ARC = 8"),
    "ties pass": (
        "fast_score(image) > threshold",
        "fast_score(image) >= threshold",
    ),
    "a circle bent": ("(2, -2), (3, -1)", "(2, -1), (3, -1)"),
    "a center beside the center": (
        "level[3 : h - 3, 3 : w - 3]",
        "level[2 : h - 4, 3 : w - 3]",
    ),
    "the arc does not close": (
        "for start in range(16)",
        "for start in range(8)",
    ),
    "only brighter": ("np.maximum(brighter, darker)", "brighter"),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_comparison_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(features_fast, *MUTANTS[mutation])
    assert differing_pixels(mutant, ("coins",))[0] > 0


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("score > np.max", "score >= np.max"),
        ("for n in range(9) if n != 4", "for n in range(9) if n % 2"),
        ("np.where(passed, fast_score(image), 0)", "passed.astype(int)"),
    ],
)
def test_comparison_notices_wrong_suppression(old: str, new: str) -> None:
    mutant = mutate(features_fast, old, new)
    assert differing_corners(mutant, ("coins", "page")) > 0


def test_score_says_what_the_definition_says() -> None:
    """The sentence of the paper, one pixel at a time."""
    image = np.random.default_rng(0).integers(0, 256, (24, 31), np.uint8)
    differences = features_fast.circle_differences(image)
    for threshold in (0, 30, 90):
        passed = features_fast.segment_test(image, threshold)
        for y, x in np.ndindex(*image.shape):
            corner = False
            if 3 <= y < 21 and 3 <= x < 28:
                d = differences[:, y - 3, x - 3]
                brighter = longest_run(d > threshold)
                darker = longest_run(d < -threshold)
                corner = max(brighter, darker) >= 9
            assert passed[y, x] == corner


def test_an_arc_covers_this_many_of_the_four_compass_points() -> None:
    for arc, least in ((9, 2), (12, 3)):
        covered = [
            sum((start + i) % 16 % 4 == 0 for i in range(arc))
            for start in range(16)
        ]
        assert min(covered) == least


def test_brightness_does_not_matter_but_contrast_does() -> None:
    image = data.coins() // 2
    passed = features_fast.segment_test(image, 10)
    assert (features_fast.segment_test(image + 100, 10) == passed).all()
    assert features_fast.segment_test(image * 2, 10).sum() > 2 * passed.sum()


@pytest.mark.parametrize(
    ("image", "threshold", "message"),
    [
        (np.zeros((9, 9, 3), np.uint8), 20, "must be gray"),
        (np.zeros((9, 9), np.float32), 20, "image is float32"),
        (np.zeros((9, 9), np.uint8), -1, "threshold is -1"),
        (np.zeros((9, 9), np.uint8), 256, "threshold is 256"),
    ],
)
def test_bad_input_is_named(
    image: np.ndarray, threshold: int, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        features_fast.segment_test(image, threshold)
