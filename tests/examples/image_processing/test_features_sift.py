"""The chosen scale against its closed form; what the descriptor ignores."""

import numpy as np
import pytest
from skimage import data

from examples.image_processing import features_sift
from tests.mutants import mutate


def closed_form(radius: float, sigma: np.ndarray) -> np.ndarray:
    k = features_sift.FACTOR
    narrow = np.exp(-(radius**2) / (2 * sigma**2))
    return narrow - np.exp(-(radius**2) / (2 * (k * sigma) ** 2))


def test_response_of_a_disc_has_the_closed_form() -> None:
    sigmas = np.geomspace(2, 12, 9)
    for radius in (8, 16):
        layers = features_sift.difference_of_gaussians(
            features_sift.disc(radius), sigmas
        )
        gap = layers[:, 80, 80] - closed_form(radius, sigmas)
        assert np.abs(gap).max() < 2e-3


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("FACTOR * sigma", "2 * sigma"),
        ("np.stack(wide) - np.stack(narrow)", "np.stack(narrow)"),
        ("radius + 0.5 -", "radius + 2 -"),
    ],
)
def test_closed_form_notices_the_mutant(old: str, new: str) -> None:
    mutant = mutate(features_sift, old, new)
    sigmas = np.geomspace(2, 12, 9)
    layers = mutant.difference_of_gaussians(mutant.disc(8), sigmas)
    assert np.abs(layers[:, 80, 80] - closed_form(8, sigmas)).max() > 2e-3


def test_the_scale_found_grows_with_the_disc() -> None:
    k = features_sift.FACTOR
    share = np.sqrt((1 - k**-2) / (4 * np.log(k)))  # σ / radius at the peak
    sigmas = np.geomspace(1.2, 24, 121)
    for radius in features_sift.RADII:
        layers = features_sift.difference_of_gaussians(
            features_sift.disc(radius), sigmas
        )
        best = sigmas[np.abs(layers[:, 80, 80]).argmax()]
        assert abs(best / radius / share - 1) < 0.04
    assert abs(share - 1 / np.sqrt(2)) < 0.08  # the limit of close scales


def patch() -> np.ndarray:
    noise = np.random.default_rng(0).random((16, 16))  # no tie of directions
    return data.camera()[100:116, 230:246] + noise


def test_descriptor_ignores_brightness_and_contrast() -> None:
    one = features_sift.descriptor(patch())
    other = features_sift.descriptor(0.3 * patch() + 40)
    assert one.shape == (128,)
    assert np.abs(one - other).max() < 1e-12
    assert abs(np.linalg.norm(one) - 1) < 1e-12


def test_votes_of_a_turned_patch_are_the_turned_votes() -> None:
    votes = features_sift.cell_histograms(patch())
    turned = features_sift.cell_histograms(np.rot90(patch()))
    # rot90 turns the cells, and directions by two of eight bins
    expected = np.roll(np.rot90(votes), -2, axis=2)
    # a direction on the border of two bins may fall either way
    assert np.abs(expected - turned).sum() < 0.1 * votes.sum()
    assert np.allclose(expected.sum(axis=2), turned.sum(axis=2))


def test_votes_are_the_weighted_magnitudes() -> None:
    ramp = np.tile(np.arange(16.0), (16, 1))  # gradient (1, 0) everywhere
    votes = features_sift.cell_histograms(ramp)
    assert (votes[:, :, 1:] == 0).all()
    offset = (np.arange(16) - 7.5) ** 2
    weight = np.exp(-np.add.outer(offset, offset) / 128)
    by_cell = weight.reshape(4, 4, 4, 4).sum(axis=(1, 3))
    assert np.allclose(votes[:, :, 0], by_cell)


def test_bad_patches_are_named() -> None:
    with pytest.raises(ValueError, match=r"patch is \(8, 8\)"):
        features_sift.descriptor(np.zeros((8, 8)))
    with pytest.raises(ValueError, match="patch is flat"):
        features_sift.descriptor(np.full((16, 16), 7.0))
