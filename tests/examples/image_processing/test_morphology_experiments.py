"""Holes, coins, the shaded page, and the pictures' own claims."""

import numpy as np
import pytest
from scipy import ndimage
from skimage import data, measure
from skimage import morphology as sk

from examples.image_processing import (
    morphology_coins,
    morphology_page,
    morphology_picture,
    morphology_profile,
)
from examples.image_processing.morphology import (
    black_hat,
    closing,
    opening,
    top_hat,
)
from examples.image_processing.morphology_elements import element
from tests.mutants import mutate


def hole_differences(fill) -> int:
    rng = np.random.default_rng(0)
    masks = [rng.random((40, 50)) < share for share in (0.3, 0.5, 0.6, 0.7)]
    masks.append(data.coins() > 107)
    differing = 0
    for mask in masks:
        theirs = np.asarray(ndimage.binary_fill_holes(mask)) * 255
        differing += int((fill(mask.astype(np.uint8) * 255) != theirs).sum())
    return differing


def test_filling_holes_equals_scipy_and_reconstruction(proof) -> None:
    differing = hole_differences(morphology_coins.fill_holes)
    assert differing == 0
    proof(
        ours="fill_holes",
        reference="scipy.ndimage.binary_fill_holes",
        case="5 masks",
        differing=differing,
    )
    mask = (data.coins() > 107).astype(np.uint8) * 255
    seed = np.where(
        np.pad(np.zeros((301, 382)), 1, constant_values=1), mask, 255
    )
    theirs = sk.reconstruction(seed, mask, "erosion", sk.diamond(1))
    assert np.array_equal(morphology_coins.fill_holes(mask), theirs)


HOLE_MUTANTS = {
    "the flood leaks through corners": ('"cross", 3, 3', '"rectangle", 3, 3'),
    "no path around": (
        "np.pad(mask, 1)",
        "np.pad(mask, 1, constant_values=1) * 255",
    ),
    "the flood is returned": (
        "return 255 - flood[1:-1, 1:-1]",
        "return flood[1:-1, 1:-1]",
    ),
}


@pytest.mark.parametrize("mutation", HOLE_MUTANTS)
def test_hole_comparison_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(morphology_coins, *HOLE_MUTANTS[mutation])
    assert hole_differences(mutant.fill_holes) > 0


def test_coins_are_counted_and_the_count_alone_misleads() -> None:
    found = morphology_coins.stages()
    right = morphology_coins.areas(found["open 13"])
    wrong = morphology_coins.areas(found["no top-hat"])
    assert len(right) == len(wrong) == 24
    assert right[0] > 900
    assert right[-1] < 4000
    assert wrong[-1] > 2 * right[-1]  # the sky of the photograph


def test_areas_equal_skimage() -> None:
    mask = morphology_coins.stages()["threshold"]
    labels = measure.label(mask, connectivity=2)
    theirs = sorted(int(r.area) for r in measure.regionprops(labels))
    assert morphology_coins.areas(mask) == theirs


def test_shade_is_divided_away() -> None:
    found = morphology_page.without_shade()
    left = {k: morphology_page.ink(v)[:, :128].mean() for k, v in found.items()}
    assert left["page"] > 0.5
    assert left["subtracted"] < left["divided"] < 0.2


def test_subtraction_pales_in_the_shade_and_division_does_not() -> None:
    """Ink that reflects a fifth, under light that falls to a third."""
    light = np.linspace(60, 180, 90)[np.newaxis, :].repeat(30, axis=0)
    sheet = light.copy()
    sheet[10:20, 10:13] *= 0.2
    sheet[10:20, 70:73] *= 0.2
    b = element("rectangle", 9, 9)
    paper = closing(sheet, b)
    depth = paper - sheet
    assert depth[15, 71] > 1.9 * depth[15, 11]
    ratio = sheet / paper
    assert ratio[15, 11] == pytest.approx(ratio[15, 71], rel=0.06)


def test_profile_cuts_peaks_narrower_than_the_element() -> None:
    x = morphology_profile.hills()
    left = top_hat(x, element("rectangle", 15, 1))[0]
    assert left[20:25].min() > 60
    assert left[55:64].min() > 40
    assert left[95:126].max() < 10
    assert np.isfinite(left).all()


def test_blob_shows_what_the_page_says() -> None:
    x, b = morphology_picture.blob(), element("rectangle", 3, 3)
    assert (opening(x, b) != x).sum() == 3  # the dot and the bridge
    added = closing(x, b) > x
    assert added[6, 6]  # the hole
    assert added[:, 11:13].sum() == 12  # the gap beside the bridge
    assert added.sum() == 13
    assert np.array_equal(black_hat(x, b), added)
    assert measure.label(opening(x, b), connectivity=2).max() == 2


def test_closing_then_opening_is_another_filter() -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (50, 50)).astype(np.uint8)
    b = element("rectangle", 3, 3)
    one, other = opening(closing(x, b), b), closing(opening(x, b), b)
    assert (one >= other).all()
    assert (one > other).any()


@pytest.mark.parametrize("size", [5, 15])
def test_ellipse_is_larger_than_the_disk_of_skimage(size: int) -> None:
    ellipse, disk = element("ellipse", size, size), sk.disk(size // 2)
    assert (ellipse >= disk).all()
    assert ellipse.sum() > disk.sum()


def test_ellipse_is_lopsided_no_more_than_its_grid() -> None:
    for size in range(3, 26, 2):
        b = element("ellipse", size, size)
        assert np.array_equal(b, b[::-1, ::-1])
    wide = element("ellipse", 5, 5)
    assert not np.array_equal(wide, wide.T)
