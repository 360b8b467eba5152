"""What the page says of angles, of noise and of automatic thresholds."""

import cv2
import numpy as np
import pytest

from examples.image_processing import edges_angle, edges_auto, edges_noise
from examples.image_processing.edges import canny, gray_photograph
from examples.image_processing.edges_derivatives import four_neighbors


@pytest.mark.parametrize("period", edges_angle.PERIODS)
@pytest.mark.parametrize("name", edges_angle.WEIGHTS)
def test_angle_error_is_its_closed_form(name: str, period: float) -> None:
    outer, center, _ = edges_angle.WEIGHTS[name]
    for facing in edges_angle.FACING:
        turn = np.radians(facing)
        u = 2 * np.pi / period * np.cos(turn)
        v = 2 * np.pi / period * np.sin(turn)
        gx = np.sin(u) * (center + 2 * outer * np.cos(v))
        gy = np.sin(v) * (center + 2 * outer * np.cos(u))
        expected = np.degrees(np.arctan2(gy, gx)) - facing
        ours = edges_angle.angle_error((outer, center, outer), facing, period)
        assert ours == pytest.approx(expected, abs=1e-10)


def worst(name: str, period: float) -> float:
    weights = edges_angle.WEIGHTS[name]
    return max(
        abs(edges_angle.angle_error(weights, a, period))
        for a in edges_angle.FACING
    )


@pytest.mark.parametrize("period", edges_angle.PERIODS)
def test_scharr_turns_better_than_sobel_and_prewitt_is_no_gain(
    period: float,
) -> None:
    assert worst("Scharr", period) < (0.3 if period > 3 else 0.7)
    assert worst("Scharr", period) < worst("Sobel", period) / 4
    best = "Scharr" if period < 6 else "one sixth"
    assert min(edges_angle.WEIGHTS, key=lambda n: worst(n, period)) == best
    assert (
        worst("Sobel", period)
        < worst("none", period)
        < worst("Prewitt", period)
    )


@pytest.mark.parametrize("name", edges_angle.WEIGHTS)
def test_angle_error_of_long_waves(name: str) -> None:
    outer, center, _ = weights = edges_angle.WEIGHTS[name]
    share = outer / (2 * outer + center)
    for facing in (5, 20, 30, 44):
        swing = (np.pi / 100) ** 2 / 4 * np.sin(4 * np.radians(facing))
        expected = np.degrees((1 / 6 - share) * swing)
        ours = edges_angle.angle_error(weights, facing, 200)
        assert ours == pytest.approx(expected, rel=0.01, abs=1e-5)


def test_gains_are_their_closed_forms() -> None:
    assert edges_noise.noise_gain(edges_noise.slope) == pytest.approx(
        np.sqrt(12) / 8, abs=1e-12
    )
    assert edges_noise.noise_gain(four_neighbors) == pytest.approx(
        np.sqrt(20), abs=1e-12
    )


def test_smoothing_helps_and_the_first_derivative_stays_ahead() -> None:
    def ratio(apply: edges_noise.Filter) -> float:
        return edges_noise.edge_answer(apply) / edges_noise.noise_gain(apply)

    def smooth(x: np.ndarray) -> np.ndarray:
        return edges_noise.smoothed(x, 2)

    first = ratio(edges_noise.slope)
    second = ratio(four_neighbors)
    first_smooth = ratio(lambda x: edges_noise.slope(smooth(x)))
    second_smooth = ratio(lambda x: four_neighbors(smooth(x)))
    assert first > 15 * second
    assert second_smooth > 20 * second
    assert first_smooth > 3 * second_smooth


def test_median_rule_changes_with_the_negative_and_gradients_do_not() -> None:
    rocket = cv2.GaussianBlur(gray_photograph("rocket"), (5, 5), 1.4)
    negative = 255 - rocket
    assert (canny(rocket, 50, 150) == canny(negative, 50, 150)).all()
    by_median = [
        edges_auto.share(canny(image, *edges_auto.by_median(image)))
        for image in (rocket, negative)
    ]
    assert by_median[0] > 5 * by_median[1]
    assert edges_auto.by_magnitude(rocket) == edges_auto.by_magnitude(negative)


def test_median_rule_by_hand() -> None:
    flat = np.full((3, 3), 100, np.uint8)
    assert edges_auto.by_median(flat) == (67, 133)
    assert edges_auto.by_median(flat + 130) == (154, 255)


@pytest.mark.parametrize("period", [2, 0.5])
def test_a_wave_needs_more_than_two_pixels(period: float) -> None:
    with pytest.raises(ValueError, match=f"period is {period}"):
        edges_angle.plane_wave(10, period)


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="sigma is -1"):
        edges_noise.smoothed(np.zeros((3, 3)), -1)
    with pytest.raises(ValueError, match="smooth is float64"):
        edges_auto.by_median(np.zeros((3, 3)))
