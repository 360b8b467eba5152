"""Resizing matrices against torch, OpenCV, Pillow and their own sums."""

from collections.abc import Callable
from types import ModuleType

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data
from skimage.transform import resize as skimage_resize
from torch.nn import functional

from examples.image_processing import geometry_resize
from examples.image_processing.geometry import resize_bilinear
from tests.mutants import mutate

SHAPES = ((70, 133), (300, 57), (1, 1), (191, 384), (200, 500))
TORCH = {
    "nearest": {"mode": "nearest-exact"},
    "nearest legacy": {"mode": "nearest"},
    "bilinear": {"mode": "bilinear"},
    "bicubic": {"mode": "bicubic"},
    "bilinear antialias": {"mode": "bilinear", "antialias": True},
    "bicubic antialias": {"mode": "bicubic", "antialias": True},
}
PAGE = data.page() / 255.0


def off_torch(module: ModuleType, mode: str) -> float:
    batch = torch.from_numpy(PAGE)[None, None]
    worst = 0.0
    for shape in SHAPES:
        theirs = functional.interpolate(batch, size=shape, **TORCH[mode])
        ours = module.resize(PAGE, shape, mode)
        worst = max(worst, abs(ours - theirs[0, 0].numpy()).max())
    return worst


def test_equals_torch(proof: Callable[..., None]) -> None:
    errors = {mode: off_torch(geometry_resize, mode) for mode in TORCH}
    assert max(errors.values()) < 1e-12, errors
    proof(
        ours="resize",
        reference="torch.nn.functional.interpolate",
        case=f"float64, 0–1, {len(TORCH)} modes",
        error=max(errors.values()),
    )


def off_area(module: ModuleType) -> float:
    worst = 0.0
    for name in ("page", "camera", "coins"):
        image = getattr(data, name)() / 255.0
        for h, w in ((70, 133), (96, 57), (1, 1), (191, 300)):
            theirs = cv2.resize(image, (w, h), interpolation=cv2.INTER_AREA)
            ours = module.resize(image, (h, w), "area")
            if h <= image.shape[0] and w <= image.shape[1]:
                worst = max(worst, abs(ours - theirs).max())
    return worst


def test_area_equals_opencv(proof: Callable[..., None]) -> None:
    error = off_area(geometry_resize)
    assert error < 1e-6  # its weights are float32
    proof(
        ours="resize",
        reference="cv2.resize",
        case="float64, 0–1, area",
        error=error,
    )


def test_area_by_repetition() -> None:
    """Repeat every pixel m times, then average n at a time: exact."""
    rng = np.random.default_rng(0)
    for n, m in ((9, 3), (10, 4), (7, 5), (5, 8), (6, 1)):
        row = rng.random(n)
        expected = np.repeat(row, m).reshape(m, n).mean(axis=1)
        ours = geometry_resize.area(n, m) @ row
        assert abs(ours - expected).max() < 1e-14


def chosen(flag: int, n: int, m: int) -> np.ndarray:
    row = np.arange(n, dtype=np.float32)[None]
    return cv2.resize(row, (m, 1), interpolation=flag)[0].astype(int)


def test_nearest_for_all_sizes(proof: Callable[..., None]) -> None:
    """Where a center falls on the edge of a pixel, OpenCV may differ."""
    by_torch = by_cv2 = on_edges = legacy = 0
    for n in range(1, 65):
        line = torch.arange(n, dtype=torch.float64)[None, None]
        for m in range(1, 65):
            i = np.arange(m)
            on_edge = (2 * i + 1) * n % (2 * m) == 0
            ours = geometry_resize.nearest(n, m) @ np.arange(n)
            other = chosen(cv2.INTER_NEAREST_EXACT, n, m) != ours
            by_cv2 += int((other & ~on_edge).sum())
            on_edges += int((other & on_edge).sum())
            theirs = functional.interpolate(line, size=m, mode="nearest-exact")
            by_torch += int((theirs[0, 0].numpy() != ours).sum())
            ours = geometry_resize.nearest_legacy(n, m) @ np.arange(n)
            other = chosen(cv2.INTER_NEAREST, n, m) != ours
            legacy += int((other & (i * n % m > 0)).sum())
            theirs = functional.interpolate(line, size=m, mode="nearest")
            by_torch += int((theirs[0, 0].numpy() != ours).sum())
    assert by_torch == by_cv2 == legacy == 0
    assert on_edges > 0
    for reference, case in (
        ("torch.nn.functional.interpolate", "all sizes 1–64"),
        ("cv2.resize", "all sizes 1–64, ties apart"),
    ):
        proof(
            ours="nearest, nearest_legacy",
            reference=reference,
            case=case,
            error=0,
        )


def test_bilinear_is_the_bilinear_of_the_warps() -> None:
    for shape in SHAPES:
        ours = geometry_resize.resize(PAGE, shape, "bilinear")
        assert abs(ours - resize_bilinear(PAGE, shape)).max() < 1e-13


@pytest.mark.parametrize("mode", ["bilinear antialias", "bicubic antialias"])
def test_pillow_antialiases(mode: str) -> None:
    picture = Image.fromarray(PAGE.astype(np.float32))
    kind = Image.Resampling[mode.split()[0].upper()]
    ours = geometry_resize.resize(PAGE, (40, 90), mode)
    theirs = np.asarray(picture.resize((90, 40), kind))
    assert abs(ours - theirs).max() < 1e-6


@pytest.mark.parametrize("mode", geometry_resize.MODES)
def test_rows_sum_to_one_and_color_works(mode: str) -> None:
    for n, m in ((9, 4), (4, 9), (7, 7), (100, 3), (3, 100)):
        weights = geometry_resize.weights_of(mode, n, m)
        assert weights.shape == (m, n)
        assert abs(weights.sum(axis=1) - 1).max() < 1e-12
    image = data.astronaut()[:50, :60]
    small = geometry_resize.resize(image, (20, 70), mode)
    for channel in range(3):
        alone = geometry_resize.resize(image[..., channel], (20, 70), mode)
        assert abs(small[..., channel] - alone).max() < 1e-10


def test_what_shrinking_looks_at() -> None:
    """By 3, interpolation sees one pixel of nine, the others see more."""
    seen = {
        mode: int((abs(geometry_resize.weights_of(mode, 9, 3)[1]) > 1e-9).sum())
        for mode in geometry_resize.MODES
    }
    assert seen["bilinear"] == seen["bicubic"] == seen["nearest"] == 1
    assert seen["area"] == 3
    assert seen["bilinear antialias"] == 5


MUTANTS = {
    "exact is the legacy": (
        "(2 * np.arange(m) + 1)",
        "(2 * np.arange(m))",
        "nearest",
    ),
    "legacy is exact": (
        "[np.arange(m) * n // m]",
        "[(2 * np.arange(m) + 1) * n // (2 * m)]",
        "nearest legacy",
    ),
    "a tap is missing": (
        "range(1 - reach, 1 + reach)",
        "range(0, 1 + reach)",
        "bicubic",
    ),
    "taps outside are lost": (
        "column), kernel(x - tap)",
        "column), kernel(x - tap) * (column == tap)",
        "bilinear",
    ),
    "kernel not widened": (
        "wider = max(n / m, 1)",
        "wider = 1",
        "bilinear antialias",
    ),
    "kernel narrowed when enlarging": (
        "max(n / m, 1)",
        "n / m",
        "bicubic antialias",
    ),
    "weights not normalized": (
        "weights / weights.sum(axis=1, keepdims=True)",
        "weights / max(n / m, 1)",
        "bilinear antialias",
    ),
    "a = -0.75 when antialiasing": ("a=-0.5)", "a=-0.75)", "bicubic antialias"),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_mutants_are_noticed(mutation: str) -> None:
    old, new, mode = MUTANTS[mutation]
    assert off_torch(mutate(geometry_resize, old, new), mode) > 1e-6


AREA_MUTANTS = {
    "starts at the center": (
        "step * np.arange(m)",
        "step * (np.arange(m) + 0.5)",
    ),
    "whole pixels only": (
        "np.maximum(covered, 0) / step",
        "(covered >= 1) / step",
    ),
}


@pytest.mark.parametrize("mutation", AREA_MUTANTS)
def test_area_mutants_are_noticed(mutation: str) -> None:
    assert off_area(mutate(geometry_resize, *AREA_MUTANTS[mutation])) > 1e-3


@pytest.mark.parametrize(
    ("image", "shape", "mode", "message"),
    [
        (PAGE, (4, 4), "cubic", "mode is 'cubic'"),
        (PAGE[0], (4, 4), "area", r"image is \(384,\)"),
        (PAGE[:0], (4, 4), "area", r"image is \(0, 384\)"),
        (PAGE, (4, 0), "area", r"shape is \(4, 0\)"),
        (PAGE, (4,), "area", r"shape is \(4,\)"),
    ],
)
def test_bad_input_is_named(
    image: np.ndarray, shape: tuple, mode: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        geometry_resize.resize(image, shape, mode)


def test_pillow_and_skimage_look_at_centers_too() -> None:
    for n in range(2, 24):
        row = np.arange(n, dtype=np.float32)[None]
        for m in range(1, 24):
            clear = (2 * np.arange(m) + 1) * n % (2 * m) > 0  # off the edges
            ours = geometry_resize.nearest(n, m) @ np.arange(n)
            pillow = Image.fromarray(row).resize(
                (m, 1), Image.Resampling.NEAREST
            )
            skimage = skimage_resize(
                row, (1, m), order=0, anti_aliasing=False, mode="edge"
            )
            assert (np.asarray(pillow)[0] == ours)[clear].all()
            assert (np.rint(skimage[0]) == ours)[clear].all()
