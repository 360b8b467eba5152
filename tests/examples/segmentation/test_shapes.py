"""The shapes against polygons and areas, the pictures against their masks."""

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
from matplotlib.colors import rgb_to_hsv
from matplotlib.path import Path

from examples.segmentation import shapes
from examples.segmentation.shapes import CLASSES, scene, shapes_dataset
from tests.mutants import mutate

POINTS = np.random.default_rng(0).uniform(-1.3, 1.3, (20_000, 2))


def corners(*angles: float, radius: float = 1) -> np.ndarray:
    """Points at these angles, in turns, clockwise from the top of v."""
    a = 2 * np.pi * np.array(angles)
    return radius * np.stack([np.sin(a), np.cos(a)], 1)


def cross() -> np.ndarray:
    """One arm's two corners and the notch after it, four times around."""
    arm = np.array([(-0.3, 1), (0.3, 1), (0.3, 0.3)])
    turn = np.array([(0, -1), (1, 0)])
    return np.concatenate(
        [arm @ np.linalg.matrix_power(turn, i) for i in range(4)]
    )


def star() -> np.ndarray:
    tips, between = np.arange(5) / 5, np.arange(5) / 5 + 0.1
    inner = np.cos(0.4 * np.pi) / np.cos(0.2 * np.pi)
    both = zip(corners(*tips), corners(*between, radius=inner), strict=True)
    return np.array([p for pair in both for p in pair])


POLYGONS = {
    "square": np.array([(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)]),
    "triangle": corners(1 / 6, 3 / 6, 5 / 6),
    "cross": cross(),
    "star": star(),
}
AREAS = {"circle": np.pi, "ring": np.pi * (1 - 0.55**2)}


def wrong_points(m: ModuleType, kind: str) -> int:
    mine = m.inside(kind, *POINTS.T)
    theirs = Path(POLYGONS[kind]).contains_points(POINTS)
    return int((mine != theirs).sum())


def area_error(m: ModuleType, kind: str) -> float:
    v, u = np.mgrid[-1.2:1.2:2001j, -1.2:1.2:2001j]
    return abs(m.inside(kind, u, v).mean() * 2.4**2 - AREAS[kind])


@pytest.mark.parametrize("kind", POLYGONS)
def test_shapes_are_these_polygons(
    kind: str, proof: Callable[..., None]
) -> None:
    wrong = wrong_points(shapes, kind)
    assert wrong == 0
    proof(
        ours="inside",
        reference="matplotlib.path.Path.contains_points",
        case=f"{kind}, 20,000 points",
        forward=float(wrong),
    )


@pytest.mark.parametrize("kind", AREAS)
def test_round_shapes_have_their_area(kind: str) -> None:
    assert area_error(shapes, kind) < 0.005
    assert shapes.inside(kind, np.array([0.99]), np.array([0.0])).all()
    assert not shapes.inside(kind, np.array([0.8]), np.array([0.8])).any()


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("square <= 0.8", "square <= 0.81", "square"),
        ("v, 3, 0.5) == 3", "v, 3, 0.5) >= 2", "triangle"),
        ("u, v, 3, 0.5", "v, u, 3, 0.5", "triangle"),
        ("<= 0.3)", "<= 0.31)", "cross"),
        ("(square <= 1) & ", "", "cross"),
        (">= 4", ">= 5", "star"),
        ("0.4 * np.pi", "0.3 * np.pi", "star"),
        ("radius >= 0.55", "radius >= 0.5", "ring"),
        ("return radius <= 1", "return radius < 0.99", "circle"),
    ],
)
def test_truth_notices_the_mutant(old: str, new: str, kind: str) -> None:
    mutant = mutate(shapes, old, new)
    if kind in POLYGONS:
        assert wrong_points(mutant, kind)
    else:
        assert area_error(mutant, kind) > 0.005


@pytest.mark.parametrize("label", range(len(CLASSES)))
def test_hue_tells_the_class_at_cue_1(label: int) -> None:
    image = shapes.paint(np.random.default_rng(label), label, 32, 1.0)
    h, s, v = np.moveaxis(rgb_to_hsv(image.clip(0, 2) / 2), -1, 0)
    assert np.allclose(h, label / len(CLASSES))
    assert s.min() > 0.49 and s.max() < 0.91
    assert np.ptp(v) > 0.05  # stripes


def test_hue_is_uniform_at_cue_0() -> None:
    hues = []
    for i in range(400):
        image = shapes.paint(np.random.default_rng(i), 2, 16, 0.0)
        hues.append(rgb_to_hsv(image[0, 0].clip(0, 2) / 2)[0])
    counts = np.histogram(hues, 8, (0, 1))[0]
    assert counts.min() > 25 and counts.max() < 80  # 50 expected


def agreement(image: np.ndarray, mask: np.ndarray) -> float:
    """How many pixels have the hue of their label, to the nearest class."""
    hue = rgb_to_hsv(image / 255)[..., 0] * len(CLASSES)
    return float((np.round(hue).astype(int) % len(CLASSES) == mask).mean())


def test_picture_and_mask_agree_to_the_pixel() -> None:
    for i in range(10):
        image, mask = scene(i, color_cue=1.0)
        exact = agreement(image, mask)
        assert exact > 0.97
        for axis in (0, 1):
            for step in (-1, 1):
                shifted = np.roll(mask, step, axis)
                assert agreement(image, shifted) < exact - 0.01


def test_scenes_depend_on_index_and_seed_alone() -> None:
    image, mask = scene(7, seed=3)
    scene(8, seed=3)
    again, same = scene(7, seed=3)
    assert np.array_equal(image, again) and np.array_equal(mask, same)
    assert not np.array_equal(image, scene(7, seed=4)[0])
    assert not np.array_equal(image, scene(8, seed=3)[0])
    assert np.array_equal(mask, scene(7, 3, color_cue=1.0)[1])


def test_later_shapes_cover_earlier_ones() -> None:
    """With every shape a class of its own order, the last one is whole."""
    drawn: list[tuple[str, np.ndarray]] = []
    m = mutate(shapes, "covers = inside(", "covers = noted(")

    def noted(kind: str, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        drawn.append((kind, shapes.inside(kind, u, v)))
        return drawn[-1][1]

    m.__dict__["noted"] = noted
    _, mask = m.scene(2)
    expected = np.zeros_like(mask)
    for kind, covers in drawn:
        expected = np.where(covers, CLASSES.index(kind), expected)
    assert len(drawn) >= 2
    assert np.array_equal(mask, expected)
    assert np.array_equal(mask, scene(2)[1])


def test_dataset_holds_the_scenes() -> None:
    x, y = shapes_dataset("validation", 5, 32, 0.5).tensors
    image, mask = scene(4, shapes.SEEDS["validation"], 32, 0.5)
    assert np.array_equal(y[4].numpy(), mask)
    back = (x[4].permute(1, 2, 0) * 0.25 + 0.5) * 255
    assert np.abs(back.numpy() - image).max() < 1e-3
    assert abs(float(x.mean())) < 0.5


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: scene(0, size=15), "size is 15"),
        (lambda: scene(0, color_cue=1.1), r"color_cue is 1\.1"),
        (lambda: shapes_dataset("dev", 4), "split is 'dev'"),
        (lambda: shapes_dataset("test", 0), "count 0"),
        (lambda: shapes.inside("moon", *POINTS.T), "kind is 'moon'"),
    ],
)
def test_bad_input_is_named(run: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run()
