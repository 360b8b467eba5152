"""Orientation against OpenCV's ORB, and what steering does to the bits."""

from collections.abc import Callable
from types import ModuleType

import cv2
import numpy as np
import pytest
from skimage import data

from examples.image_processing import features_orb, features_steering
from examples.image_processing.features_fast import fast_corners
from tests.mutants import mutate

PHOTOGRAPHS = ("camera", "coins", "brick", "gravel")


def angle_gap(module: ModuleType) -> float:
    """Largest gap in degrees to the angles that ORB gives its keypoints."""
    worst = 0.0
    for name in PHOTOGRAPHS:
        image = getattr(data, name)()
        keypoints = cv2.ORB_create(2000, nlevels=1).detect(image)
        points = np.array([k.pt for k in keypoints]).astype(int)
        theirs = np.array([k.angle for k in keypoints])
        turn = module.patch_angles(image, points) - theirs
        worst = max(worst, float(np.abs((turn + 180) % 360 - 180).max()))
    return worst


def test_angles_equal_those_of_orb(proof: Callable[..., None]) -> None:
    error = angle_gap(features_orb)
    assert error < 0.02  # OpenCV's arc tangent is a polynomial
    proof(
        ours="patch_angles",
        reference="cv2.ORB",
        case="angles, 4 photographs",
        measure="degrees",
        difference=error,
    )


MUTANTS = {
    "a larger disc": ("RADIUS + 0.4", "RADIUS + 0.6"),
    "a square": ("np.hypot(x, y) < RADIUS + 0.4", "np.abs(x) <= RADIUS"),
    "a smaller radius": ("RADIUS = 15", "RADIUS = 14"),
    "x and y exchanged": (
        "np.arctan2(level @ y, level @ x)",
        "np.arctan2(level @ x, level @ y)",
    ),
    "y points up": ("np.arctan2(level @ y", "np.arctan2(-level @ y"),
    "points are row, column": (
        "points[:, 1:] + y, points[:, :1] + x",
        "points[:, 1:] + x, points[:, :1] + y",
    ),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_comparison_notices_the_mutant(mutation: str) -> None:
    assert angle_gap(mutate(features_orb, *MUTANTS[mutation])) > 0.02


def corners_of(image: np.ndarray) -> np.ndarray:
    points = fast_corners(image, threshold=20)
    h, w = image.shape
    room = np.minimum(points, [w - 1, h - 1] - points).min(axis=1)
    return points[room >= features_orb.MARGIN]


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_quarter_turn_changes_no_bit(quarters: int) -> None:
    """np.rot90 moves pixels without rounding, so nothing may change."""
    image = data.camera()
    points = corners_of(image)
    turned, moved = image, points
    for _ in range(quarters):
        w = turned.shape[1]
        moved = np.stack([moved[:, 1], w - 1 - moved[:, 0]], axis=1)
        turned = np.rot90(turned)
    before = features_orb.patch_angles(image, points)
    after = features_orb.patch_angles(turned, moved)
    gap = (after - before + 90 * quarters + 180) % 360 - 180
    assert np.abs(gap).max() < 1e-9
    bits = features_orb.brief(image, points, before)
    again = features_orb.brief(turned, moved, after)
    assert np.bitwise_count(bits ^ again).sum() <= 2  # ties of a rounding


def test_bits_are_the_comparisons_of_the_definition() -> None:
    image = data.camera()
    points = corners_of(image)[:5]
    bits = features_orb.brief(image, points, np.zeros(5))
    smooth = cv2.boxFilter(image, cv2.CV_32S, (5, 5), normalize=False)
    for (x, y), row in zip(points, np.unpackbits(bits, axis=1), strict=True):
        for bit, pair in zip(row, features_orb.random_pairs(), strict=True):
            (ax, ay), (bx, by) = pair.astype(int)
            assert bit == (smooth[y + ay, x + ax] < smooth[y + by, x + bx])


def test_steering_keeps_the_bits_and_brief_alone_does_not() -> None:
    image = data.camera()
    for degrees in (15, 30, 45, 75, 105, 135, 165):
        upright, steered = features_steering.changed_bits(image, degrees)
        assert steered < 20
        assert upright > 60 or degrees == 15
    assert features_steering.changed_bits(image, 90)[0] > 100


def test_bad_input_is_named() -> None:
    image = data.camera()
    with pytest.raises(ValueError, match="a point is 10 px from the border"):
        features_orb.patch_angles(image, np.array([[10, 100]]))
    with pytest.raises(ValueError, match="image is float64"):
        features_orb.brief(image / 255, np.array([[99, 99]]), np.zeros(1))
    with pytest.raises(ValueError, match="must be gray"):
        features_orb.patch_angles(data.astronaut(), np.array([[99, 99]]))
