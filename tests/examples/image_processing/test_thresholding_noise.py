"""Noise and smoothing: closed form of the error, and both directions."""

import math

import pytest

from examples.image_processing.thresholding import otsu
from examples.image_processing.thresholding_noise import (
    BRIGHT,
    DARK,
    noisy_silhouette,
    smoothed,
    wrong,
)


def test_error_is_the_gaussian_tail_at_half_the_contrast() -> None:
    image, truth = noisy_silhouette(20)
    tail = math.erfc((BRIGHT - DARK) / 2 / 20 / math.sqrt(2)) / 2
    middle = (DARK + BRIGHT) // 2
    assert wrong(image, middle, truth) == pytest.approx(tail, abs=0.005)


def test_smoothing_beats_the_best_threshold_on_noise() -> None:
    image, truth = noisy_silhouette(40)
    best = min(wrong(image, t, truth) for t in range(256))
    shown = smoothed(image, 1.5)
    assert wrong(shown, otsu(shown), truth) < best / 10


def test_smoothing_costs_on_a_clean_image() -> None:
    image, truth = noisy_silhouette(0)
    assert wrong(image, otsu(image), truth) == 0
    slight, strong = smoothed(image, 1.5), smoothed(image, 3.5)
    assert wrong(slight, otsu(slight), truth) > 0
    assert wrong(slight, otsu(slight), truth) < wrong(
        strong, otsu(strong), truth
    )
