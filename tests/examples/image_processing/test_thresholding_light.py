"""Uneven light: what the page says of each remedy."""

import numpy as np
from skimage import data

from examples.image_processing.thresholding import (
    adaptive_threshold,
    otsu,
    threshold,
)
from examples.image_processing.thresholding_light import (
    error,
    flatten,
    lit_silhouette,
)


def test_no_single_threshold_reaches_the_remedies() -> None:
    image, truth = lit_silhouette()
    best = min(error(threshold(image, t), truth) for t in range(256))
    assert best < error(threshold(image, otsu(image)), truth) / 3
    flat = flatten(image, 141)
    assert error(threshold(flat, otsu(flat)), truth) < best / 5
    assert error(adaptive_threshold(image, 201, 10), truth) < best / 5


def test_a_block_smaller_than_the_object_hollows_it_out() -> None:
    image, truth = lit_silhouette()
    inside = np.zeros_like(truth)
    inside[120:160, 120:200] = True  # the middle of the body
    assert truth[inside].all()
    small = adaptive_threshold(image, 11, 10)[inside]
    large = adaptive_threshold(image, 201, 10)[inside]
    assert (small == 255).mean() > 0.9
    assert (large == 255).mean() < 0.01


def test_without_c_half_of_an_empty_region_turns_black() -> None:
    image, truth = lit_silhouette()
    empty = np.zeros_like(truth)
    empty[:20, 20:200] = True
    assert not truth[empty].any()
    assert 0.4 < (adaptive_threshold(image, 11, 0)[empty] == 0).mean() < 0.6
    assert (adaptive_threshold(image, 11, 15)[empty] == 0).mean() < 0.01


def test_flattening_makes_the_ground_of_the_page_white() -> None:
    page = data.page()
    flat = flatten(page, 31)
    left, right = page[:, :40], page[:, -40:]
    assert np.median(left) < 0.7 * np.median(right)
    dim, bright = np.median(flat[:, :40]), np.median(flat[:, -40:])
    assert min(dim, bright) > 0.85 * max(dim, bright)
    dark = threshold(page, otsu(page))[:, :40] == 0
    assert dark.mean() > 0.9  # Otsu gives the shadow to the ink
    assert (threshold(flat, otsu(flat))[:, :40] == 0).mean() < 0.25
