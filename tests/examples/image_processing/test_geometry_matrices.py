"""Matrices against OpenCV's, and rotations that lose nothing."""

from collections.abc import Callable
from types import ModuleType

import cv2
import numpy as np
import pytest
from skimage import data

from examples.image_processing import geometry_matrices as ours
from examples.image_processing.geometry import warp_perspective
from tests.mutants import mutate


def random_points(count: int, number: int) -> list[np.ndarray]:
    """Pictures of a rough triangle or square: no three near one line."""
    rng = np.random.default_rng(0)
    square = np.array([[0, 0], [400, 0], [400, 300], [0, 300]])[:count]
    return [
        (square + rng.integers(-90, 91, (count, 2))).astype(np.float32)
        for _ in range(number)
    ]


def off_perspective(module: ModuleType) -> float:
    points = random_points(4, 60)
    worst = 0.0
    for source, target in zip(points[::2], points[1::2], strict=True):
        solved = module.perspective_from_points(source, target)
        theirs = cv2.getPerspectiveTransform(source, target)
        worst = max(worst, abs(solved - theirs).max())
    return worst


def off_affine(module: ModuleType) -> float:
    points = random_points(3, 60)
    worst = 0.0
    for source, target in zip(points[::2], points[1::2], strict=True):
        solved = module.affine_from_points(source, target)
        theirs = cv2.getAffineTransform(source, target)
        worst = max(worst, abs(solved[:2] - theirs).max())
    return worst


def off_rotation(module: ModuleType) -> float:
    worst = 0.0
    for degrees in (-200, -30, 0, 17.3, 90, 135):
        for center in ((0, 0), (255.5, 99.5), (-7, 3)):
            for scale in (1, 0.9, 2.5):
                turn = module.rotation_about(center, degrees, scale)
                theirs = cv2.getRotationMatrix2D(center, degrees, scale)
                worst = max(worst, abs(turn[:2] - theirs).max())
    return worst


def off_transform(module: ModuleType) -> float:
    points = random_points(4, 40)
    worst = 0.0
    for source, target in zip(points[::2], points[1::2], strict=True):
        matrix = cv2.getPerspectiveTransform(source, target)
        moved = module.transform(matrix, source.astype(float) + 5)
        theirs = cv2.perspectiveTransform(
            source[:, None].astype(float) + 5, matrix
        )
        worst = max(worst, abs(moved - theirs[:, 0]).max())
    return worst


CHECKS = {
    "perspective_from_points": (off_perspective, "cv2.getPerspectiveTransform"),
    "affine_from_points": (off_affine, "cv2.getAffineTransform"),
    "rotation_about": (off_rotation, "cv2.getRotationMatrix2D"),
    "transform": (off_transform, "cv2.perspectiveTransform"),
}


@pytest.mark.parametrize("name", CHECKS)
def test_equals_opencv(name: str, proof: Callable[..., None]) -> None:
    off, reference = CHECKS[name]
    error = off(ours)
    assert error < 1e-10
    case = "54 turns" if name == "rotation_about" else "random points"
    proof(ours=name, reference=reference, case=case, error=error)


def test_opencv_multiplies_fractional_coordinates_in_float32() -> None:
    rng = np.random.default_rng(0)
    source, target = (
        (points + rng.random((4, 2))).astype(np.float32)
        for points in random_points(4, 2)
    )
    theirs = cv2.getPerspectiveTransform(source, target)
    exact = ours.perspective_from_points(source, target)
    assert 1e-9 < abs(exact - theirs).max() < 1e-4
    rows, right = np.zeros((8, 8)), target.ravel().astype(float)
    for i in range(4):
        (x, y), (u, v) = source[i], target[i]
        rows[2 * i] = x, y, 1, 0, 0, 0, -u * x, -u * y
        rows[2 * i + 1] = 0, 0, 0, x, y, 1, -v * x, -v * y
    rounded = np.append(np.linalg.solve(rows, right), 1).reshape(3, 3)
    assert abs(rounded - theirs).max() < 1e-10


MUTANTS = {
    "a sign in the last columns": (
        "-u * x, -u * y",
        "u * x, -u * y",
        "perspective_from_points",
    ),
    "u and v exchanged": (
        "u, v\n    return",
        "v, u\n    return",
        "perspective_from_points",
    ),
    "second row shifted": (
        "= 0, 0, 0, x, y, 1",
        "= 0, 0, 0, y, x, 1",
        "perspective_from_points",
    ),
    "last number 0": ("right), 1)", "right), 0)", "perspective_from_points"),
    "the column of ones forgotten": (
        "rows = np.column_stack([source, np.ones(3)])",
        "rows = np.column_stack([source, np.arange(3)])",
        "affine_from_points",
    ),
    "affine solved backward": (
        "solve(rows, target)",
        "solve(np.column_stack([target, np.ones(3)]), source)",
        "affine_from_points",
    ),
    "turns the other way": (
        "[c, s, 0], [-s, c, 0]",
        "[c, -s, 0], [s, c, 0]",
        "rotation_about",
    ),
    "order of the product": (
        "translation(x, y) @ turn @ translation(-x, -y)",
        "translation(-x, -y) @ turn @ translation(x, y)",
        "rotation_about",
    ),
    "scale forgotten": (
        "@ scaling(scale, scale)",
        "@ scaling(1, 1)",
        "rotation_about",
    ),
    "radians": (
        "np.cos(np.radians(degrees))",
        "np.cos(degrees)",
        "rotation_about",
    ),
    "not divided by w": ("[x / w, y / w]", "[x, y]", "transform"),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_mutants_are_noticed(mutation: str) -> None:
    old, new, name = MUTANTS[mutation]
    assert CHECKS[name][0](mutate(ours, old, new)) > 1e-6


def turned(module: ModuleType, image: np.ndarray, degrees: float) -> np.ndarray:
    """About any point: ``whole`` moves the result into view anyway."""
    matrix, shape = module.whole(
        ours.rotation_about((31, -7), degrees), image.shape
    )
    return warp_perspective(image, matrix, shape, border="replicate")


def off_quarter_turns(module: ModuleType) -> float:
    image = data.camera()[:90, :131].astype(float)
    worst = 0.0
    for quarters in (1, 2, 3):
        moved = turned(module, image, 90 * quarters)
        expected = np.rot90(image, quarters)
        if moved.shape != expected.shape:
            return np.inf
        worst = max(worst, abs(moved - expected).max())
    return worst


def test_whole_quarter_turns_are_rot90(proof: Callable[..., None]) -> None:
    error = off_quarter_turns(ours)
    assert error < 1e-10
    proof(
        ours="whole, warp_perspective",
        reference="numpy.rot90",
        case="1, 2 and 3 quarter turns, 0–255",
        error=error,
    )


WHOLE_MUTANTS = {
    "corners at pixel centers": ("shape[1] - 0.5", "shape[1] - 1"),
    "half a pixel forgotten": ("-0.5 - start", "-start"),
    "moved before, not after": ("back @ matrix", "matrix @ back"),
    "height and width exchanged": (
        "(int(extent[1]), int(extent[0]))",
        "(int(extent[0]), int(extent[1]))",
    ),
    "smallest for largest": (
        "corners.max(axis=0) - start",
        "start - start + 99",
    ),
}


@pytest.mark.parametrize("mutation", WHOLE_MUTANTS)
def test_whole_mutants_are_noticed(mutation: str) -> None:
    assert off_quarter_turns(mutate(ours, *WHOLE_MUTANTS[mutation])) > 1e-3


def test_whole_holds_every_corner() -> None:
    for degrees in range(0, 360, 7):
        matrix, (h, w) = ours.whole(ours.rotation(degrees), (100, 200))
        corners = [[-0.5, -0.5], [199.5, -0.5], [199.5, 99.5], [-0.5, 99.5]]
        x, y = ours.transform(matrix, corners).T
        assert x.min() > -0.5 - 1e-5
        assert x.max() < w - 0.5 + 1e-5
        assert y.min() > -0.5 - 1e-5
        assert y.max() < h - 0.5 + 1e-5


def test_order_matters_and_products_compose() -> None:
    points = [[3, 4], [-7, 2.5]]
    first, second = ours.rotation(40), ours.translation(10, -3)
    together = ours.transform(second @ first, points)
    apart = ours.transform(second, ours.transform(first, points))
    assert abs(together - apart).max() < 1e-12
    assert abs(together - ours.transform(first @ second, points)).max() > 1
    center = (12, 7)
    fixed = ours.transform(ours.rotation_about(center, 77, 3), [center])
    assert abs(fixed - center).max() < 1e-12


def test_perspective_keeps_lines_but_not_parallels_nor_midpoints() -> None:
    source, target = random_points(4, 2)
    matrix = ours.perspective_from_points(source, target)
    ends = np.array([[0, 0], [100, 50], [50, 25]], float)
    a, b, middle = ours.transform(matrix, ends)
    across = np.linalg.det([b - a, middle - a])
    assert abs(across) < 1e-8
    assert np.linalg.norm(middle - (a + b) / 2) > 0.1


SQUARE = [[0, 0], [9, 0], [9, 9], [0, 9]]
LINE = [[0, 0], [1, 1], [2, 2]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ours.affine_from_points(LINE, SQUARE[:3]),
            "source .* on one line",
        ),
        (
            lambda: ours.affine_from_points(SQUARE[:3], LINE),
            "target .* on one line",
        ),
        (
            lambda: ours.affine_from_points(SQUARE[:2], SQUARE[:2]),
            r"source is \(2, 2\)",
        ),
        (lambda: ours.affine_from_points(SQUARE, SQUARE), r"must be \(3, 2\)"),
        (
            lambda: ours.perspective_from_points(SQUARE[:3], SQUARE),
            r"source is \(3, 2\)",
        ),
        (
            lambda: ours.perspective_from_points(SQUARE, [1, 2]),
            r"target is \(2,\)",
        ),
        (
            lambda: ours.perspective_from_points([*LINE, [5, 0]], SQUARE),
            "source .* on one line",
        ),
        (
            lambda: ours.perspective_from_points(SQUARE, [[7, 7]] * 4),
            "target .* on one line",
        ),
    ],
)
def test_bad_points_are_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
