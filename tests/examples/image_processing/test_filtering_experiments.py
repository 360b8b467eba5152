"""What the page says about noise, edges and frequencies."""

import numpy as np
import pytest
from skimage import data
from skimage.metrics import peak_signal_noise_ratio

from examples.image_processing import (
    filtering_noise,
    filtering_profile,
    filtering_response,
)
from examples.image_processing.filtering import correlate


@pytest.fixture(scope="module")
def decibels() -> dict[str, dict[str, float]]:
    found = filtering_noise.photographs()
    clean = found.pop("clean")
    return {
        kind: {
            name: filtering_noise.psnr(filtering_noise.apply(name, x), clean)
            for name in filtering_noise.FILTERS
        }
        for kind, x in found.items()
    }


def test_each_noise_has_its_own_best_filter(decibels) -> None:
    impulses, gaussian = decibels["impulses 10 %"], decibels["Gaussian 20"]
    assert max(impulses, key=impulses.__getitem__) == "median 3"
    assert max(gaussian, key=gaussian.__getitem__) == "bilateral 9"
    assert impulses["median 3"] - impulses["Gauss 5"] > 5
    assert impulses["bilateral 9"] - impulses["none"] < 1


def test_psnr_equals_skimage() -> None:
    found = filtering_noise.photographs()
    for image in found.values():
        if image is not found["clean"]:
            ours = filtering_noise.psnr(image, found["clean"])
            theirs = peak_signal_noise_ratio(found["clean"], image)
            assert ours == pytest.approx(theirs, abs=1e-12)


def test_impulses_hit_their_share() -> None:
    gray = np.full((500, 500), 100, np.uint8)
    noisy = filtering_noise.impulses(gray, 0.1, seed=3)
    assert abs((noisy == 255).mean() - 0.05) < 0.002
    assert abs((noisy == 0).mean() - 0.05) < 0.002
    assert (noisy == 100).mean() > 0.89


def test_profile_shows_what_the_page_says() -> None:
    gauss, median, bilateral = filtering_profile.filtered().values()
    row = 32
    assert gauss[row, 30] - gauss[row, 29] < 30  # the step is blurred
    assert median[row, 30] - median[row, 29] > 80
    assert bilateral[row, 30] - bilateral[row, 29] > 100
    assert median[row, 61] > 165  # the line is gone
    assert 90 < gauss[row, 61] < 130  # half of its contrast
    assert bilateral[row, 61] < 70


def test_response_is_what_a_wave_undergoes() -> None:
    x = np.arange(200)
    for kernel in filtering_response.rivals().values():
        for f in (0.0, 0.05, 0.13, 0.4):
            wave = np.cos(2 * np.pi * f * x)[np.newaxis, :]
            y = correlate(wave, kernel[np.newaxis, :])[0, 20:-20]
            factor = filtering_response.response(kernel, np.array([f]))[0]
            np.testing.assert_allclose(
                y, factor * wave[0, 20:-20], rtol=0, atol=1e-12
            )


def test_response_equals_the_fourier_transform() -> None:
    for kernel in filtering_response.rivals().values():
        padded = np.zeros(256)
        r = kernel.size // 2
        padded[: r + 1], padded[-r:] = kernel[r:], kernel[:r]
        ours = filtering_response.response(kernel, np.arange(129) / 256)
        np.testing.assert_allclose(
            ours, np.fft.rfft(padded).real, rtol=0, atol=1e-12
        )


def test_box_turns_negative_and_gauss_does_not() -> None:
    f = np.linspace(0, 0.5, 2001)
    box, gauss = (
        filtering_response.response(k, f)
        for k in filtering_response.rivals().values()
    )
    assert box.min() < -0.2
    assert gauss.min() > -1e-4
    assert np.diff(gauss).max() < 1e-4
    zeros = filtering_response.response(np.full(9, 1 / 9), np.arange(1, 5) / 9)
    np.testing.assert_allclose(zeros, 0, atol=1e-12)


def test_both_rivals_spread_equally() -> None:
    spreads = [
        (k * (np.arange(k.size) - k.size // 2) ** 2).sum()
        for k in filtering_response.rivals().values()
    ]
    assert spreads[0] == pytest.approx(80 / 12)
    assert spreads[1] == pytest.approx(80 / 12, rel=1e-3)


def test_filters_are_applied_by_name() -> None:
    image = data.camera()[:20, :20]
    assert filtering_noise.apply("none", image) is image
    assert filtering_noise.apply("median 5", image).dtype == np.uint8


def test_iterated_boxes_approach_a_gauss() -> None:
    """Three boxes of 5 differ from a Gauss by under 8 % of its peak."""
    kernel, gaps = np.ones(1), []
    for times in (1, 2, 3):
        kernel = np.convolve(kernel, np.full(5, 0.2))
        n = np.arange(kernel.size) - kernel.size // 2
        gauss = np.exp(-(n**2) / (2 * times * 2))
        gauss /= gauss.sum()
        gaps.append(np.abs(kernel - gauss).max() / gauss.max())
    assert gaps[0] > 0.3
    assert gaps[2] < 0.08
