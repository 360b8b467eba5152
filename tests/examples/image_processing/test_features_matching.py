"""Distances and rules of matching against OpenCV's brute-force matcher."""

from collections.abc import Callable
from types import ModuleType

import cv2
import numpy as np
import pytest
from skimage import data

from examples.image_processing import features_matching
from examples.image_processing.features_homography import project
from tests.mutants import mutate

Described = tuple[np.ndarray, np.ndarray]


def views(detector: cv2.Feature2D) -> tuple[Described, Described, np.ndarray]:
    image, view, true = features_matching.two_views()
    seen = features_matching.described(view, detector)
    return features_matching.described(image, detector), seen, true


@pytest.fixture(scope="module")
def orb() -> tuple[Described, Described, np.ndarray]:
    return views(cv2.ORB_create(1000))


@pytest.fixture(scope="module")
def sift() -> tuple[Described, Described, np.ndarray]:
    return views(cv2.SIFT_create(1000))


def pairs_of(found: np.ndarray) -> set[tuple[int, int]]:
    return set(map(tuple, found.tolist()))


def gaps(
    module: ModuleType, a: np.ndarray, b: np.ndarray, norm: int
) -> tuple[int, float]:
    """Pairs that differ by any rule, and the largest gap of a distance."""
    binary = norm == cv2.NORM_HAMMING
    measure = module.hamming_distances if binary else module.l2_distances
    table = measure(a, b)
    two = cv2.BFMatcher(norm).knnMatch(a, b, 2)
    error = max(
        abs(table[m.queryIdx, m.trainIdx] - m.distance)
        for both in two
        for m in both
    )
    nearest = {(m.queryIdx, m.trainIdx) for m, _ in two}
    differing = len(nearest ^ pairs_of(module.nearest(table)))
    for ratio in (0.6, 0.8):
        theirs = {
            (m.queryIdx, m.trainIdx)
            for m, n in two
            if m.distance < ratio * n.distance
        }
        differing += len(theirs ^ pairs_of(module.ratio_test(table, ratio)))
    crossed = cv2.BFMatcher(norm, crossCheck=True).match(a, b)
    theirs = {(m.queryIdx, m.trainIdx) for m in crossed}
    differing += len(theirs ^ pairs_of(module.cross_check(table)))
    return differing, float(error)


@pytest.mark.parametrize(
    ("name", "norm", "ours"),
    [
        ("orb", cv2.NORM_HAMMING, "hamming_distances"),
        ("sift", cv2.NORM_L2, "l2_distances"),
    ],
)
def test_matching_equals_opencv(
    name: str,
    norm: int,
    ours: str,
    request: pytest.FixtureRequest,
    proof: Callable[..., None],
) -> None:
    (_, a), (_, b), _ = request.getfixturevalue(name)
    differing, error = gaps(features_matching, a, b, norm)
    assert differing == 0
    assert error < 1e-4  # OpenCV adds up squares in float32
    proof(
        ours=ours,
        reference="cv2.BFMatcher",
        case=f"{name.upper()}: nearest, ratio, cross",
        measure="pairs",
        difference=differing,
    )


MUTANTS = {
    "ratio the other way round": (
        "first < ratio * second",
        "first > ratio * second",
    ),
    "ratio of squares": (
        "first < ratio * second",
        "first**2 < ratio * second**2",
    ),
    "nearest column of the wrong axis": (
        "distances.argmin(axis=1)])",
        "distances.argmax(axis=1)])",
    ),
    "no mutual check": ("distances.argmin(axis=0)[j] == i", "i >= 0"),
    "bits counted by equality": (
        "np.bitwise_count(a[:, None] ^ b)",
        "(a[:, None] != b)",
    ),
    "bits joined by or": ("a[:, None] ^ b", "a[:, None] | b"),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_comparison_notices_the_mutant(
    mutation: str, orb: tuple[Described, Described, np.ndarray]
) -> None:
    (_, a), (_, b), _ = orb
    mutant = mutate(features_matching, *MUTANTS[mutation])
    differing, error = gaps(mutant, a, b, cv2.NORM_HAMMING)
    assert differing > 0 or error > 1e-4


def test_comparison_notices_a_wrong_l2(
    sift: tuple[Described, Described, np.ndarray],
) -> None:
    (_, a), (_, b), _ = sift
    mutant = mutate(features_matching, "2 * a @ b.T", "a @ b.T")
    assert gaps(mutant, a, b, cv2.NORM_L2)[1] > 1


def share_right(pairs: np.ndarray, p: np.ndarray, q: np.ndarray, h: np.ndarray):
    gap = project(h, p[pairs[:, 0]]) - q[pairs[:, 1]]
    return (np.linalg.norm(gap, axis=1) < 3).mean()


def test_sift_bears_a_stricter_ratio_than_orb(
    orb: tuple[Described, Described, np.ndarray],
    sift: tuple[Described, Described, np.ndarray],
) -> None:
    kept = {}
    for name, measure, found in (
        ("orb", features_matching.hamming_distances, orb),
        ("sift", features_matching.l2_distances, sift),
    ):
        (p, a), (q, b), true = found
        pairs = features_matching.ratio_test(measure(a, b), 0.6)
        assert share_right(pairs, p, q, true) > 0.97
        kept[name] = len(pairs)
    assert kept["sift"] > 2 * kept["orb"]


def test_l2_of_bits_is_accepted_by_opencv_and_worse(
    orb: tuple[Described, Described, np.ndarray],
) -> None:
    (p, a), (q, b), true = orb
    right = {}
    for norm in (cv2.NORM_HAMMING, cv2.NORM_L2):
        found = cv2.BFMatcher(norm).match(a, b)  # no error either way
        pairs = np.array([(m.queryIdx, m.trainIdx) for m in found])
        right[norm] = share_right(pairs, p, q, true)
    assert right[cv2.NORM_L2] < right[cv2.NORM_HAMMING] - 0.1


def test_one_bit_weighs_as_much_as_its_place_in_l2() -> None:
    byte = np.zeros((1, 32), np.uint8)
    high, low = byte.copy(), byte.copy()
    high[0, 0], low[0, 0] = 128, 1
    for other, distance in ((high, 128), (low, 1)):
        assert features_matching.hamming_distances(byte, other)[0, 0] == 1
        assert cv2.norm(byte, other, cv2.NORM_L2) == distance


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda m: m.hamming_distances(None, np.zeros((2, 32), np.uint8)),
            "a is None; the detector found nothing",
        ),
        (
            lambda m: m.hamming_distances(np.zeros((2, 32)), np.zeros((2, 32))),
            "a is float64; not binary",
        ),
        (
            lambda m: m.l2_distances(*2 * [np.zeros((2, 32), np.uint8)]),
            "a is uint8; not real",
        ),
        (
            lambda m: m.l2_distances(np.zeros((2, 128)), np.zeros((2, 64))),
            "a has 128 columns but b 64",
        ),
        (lambda m: m.ratio_test(np.ones((3, 3)), 1.2), "ratio is 1.2"),
        (lambda m: m.ratio_test(np.ones((3, 1)), 0.8), "1 candidate"),
    ],
)
def test_bad_input_is_named(
    call: Callable[[ModuleType], np.ndarray], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        call(features_matching)


def test_a_flat_image_has_no_descriptors() -> None:
    flat = np.full((99, 99), 128, np.uint8)
    for detector in (cv2.ORB_create(), cv2.SIFT_create()):
        points, nothing = features_matching.described(flat, detector)
        assert len(points) == 0
        assert nothing is None


def test_the_two_views_are_of_one_photograph() -> None:
    image, view, true = features_matching.two_views()
    warped = cv2.warpPerspective(image, true, image.shape[::-1])
    gap = np.abs(warped.astype(int) - view)
    assert np.median(gap) <= 1
    assert image.shape == data.astronaut().shape[:2]
