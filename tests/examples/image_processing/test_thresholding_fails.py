"""Where Otsu fails: closed forms and the bound that the page derives."""

import math

import numpy as np
import pytest

from examples.image_processing.thresholding import separability
from examples.image_processing.thresholding_fails import (
    DARK,
    best_level,
    bump,
    lower_bound,
    smallest_share,
    two_bumps,
)


def test_one_bump_is_halved_with_two_over_pi() -> None:
    counts = bump(128, 20, 1e6)
    assert abs(best_level(counts) - 128) <= 1
    assert separability(counts) == pytest.approx(2 / math.pi, abs=1e-3)


def test_a_flat_histogram_reaches_three_quarters() -> None:
    counts = np.full(256, 1000)
    assert best_level(counts) == 127
    assert separability(counts) == pytest.approx(0.75, abs=1e-3)


def test_the_rare_class_is_lost_below_the_bound() -> None:
    for sigma in (8, 10, 16, 20):
        bound = lower_bound(sigma)
        assert smallest_share(sigma) >= bound
        assert best_level(two_bumps(0.9 * bound, sigma)) < DARK + sigma


def test_separability_does_not_tell_two_bumps_from_one() -> None:
    assert separability(two_bumps(0.02)) < separability(bump(128, 20, 1e6))
    assert separability(two_bumps(0.02)) < separability(two_bumps(0.001))


def test_a_width_without_any_valley_is_named() -> None:
    with pytest.raises(ValueError, match="sigma is 60"):
        smallest_share(60)
