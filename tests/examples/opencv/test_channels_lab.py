"""Lab against OpenCV for every color and scikit-image in float64."""

from collections.abc import Callable
from types import ModuleType

import cv2
import numpy as np
import pytest
from skimage import color

from examples.opencv import channels_lab
from tests.mutants import mutate


def image_of(n: np.ndarray) -> np.ndarray:
    bgr = np.stack([n >> 16, n >> 8 & 255, n & 255], axis=1)
    return bgr.astype(np.uint8)[None]


def some_colors() -> np.ndarray:
    random = np.random.default_rng(0).integers(0, 1 << 24, 300_000)
    grays = np.arange(256) * 0x010101
    return image_of(np.concatenate([random, grays]))


def differing(m: ModuleType, image: np.ndarray) -> int:
    theirs = cv2.cvtColor(image, cv2.COLOR_BGR2LAB)
    return int(np.count_nonzero(m.bgr_to_lab(image) != theirs))


def test_every_color_equals_opencv(proof: Callable[..., None]) -> None:
    wrong = sum(
        differing(
            channels_lab, image_of(np.arange(part << 20, (part + 1) << 20))
        )
        for part in range(16)
    )
    assert wrong == 0
    proof(
        ours="bgr_to_lab",
        reference="cv2.cvtColor",
        case=f"all {2**24:,} colors",
        difference=wrong,
    )


def formula_error(m: ModuleType) -> float:
    bgr = np.random.default_rng(0).random((200, 300, 3))
    bgr[:20] *= 0.05  # the linear ends of both curves
    white = color.xyz_tristimulus_values(illuminant="D65", observer="2")
    theirs = color.rgb2lab(bgr[:, :, ::-1])
    return float(np.abs(m.lab_formula(bgr, white) - theirs).max())


def test_formula_equals_scikit_image(proof: Callable[..., None]) -> None:
    error = formula_error(channels_lab)
    assert error < 1e-12 * 100
    proof(
        ours="lab_formula",
        reference="skimage.color.rgb2lab",
        case="60 thousand colors, float64",
        difference=error,
    )


def test_gamma_equals_scikit_image(proof: Callable[..., None]) -> None:
    """Y of a gray is its linear value, since its weights add up to 1."""
    v = np.linspace(0, 1, 4001)
    y = color.rgb2xyz(np.repeat(v[:, None], 3, axis=1))[:, 1]
    error = float(np.abs(channels_lab.srgb_to_linear(v) - y).max())
    back = channels_lab.linear_to_srgb(channels_lab.srgb_to_linear(v))
    # the standard's two thresholds match to eight digits only
    assert float(np.abs(back - v).max()) < 1e-7
    assert error < 1e-12
    proof(
        ours="srgb_to_linear",
        reference="skimage.color.rgb2xyz",
        case="4,001 grays, float64",
        difference=error,
    )


MUTANTS = {
    "gamma of 2.2": ("** 2.4", "** 2.2"),
    "offset of the curve": ("+ 0.055) / 1.055", "+ 0.05) / 1.05"),
    "no linear end": ("v <= 0.04045", "v <= 0.0"),
    "square root": ("np.cbrt(t)", "np.sqrt(t)"),
    "no linear end of the root": ("t > 0.008856", "t >= 0.0"),
    "channels not reversed": ("[:, :, ::-1]", ""),
    "a weight mistyped": ("0.357580", "0.375580"),
    "white of equal energy": ("(0.950456, 1.0, 1.088754)", "(1.0, 1.0, 1.0)"),
    "ties by the formula": ("in TIES.items()", "in ()"),
    "matrix truncated": ("np.rint(4096", "np.floor(4096"),
    "gamma table finer": ("np.rint(2040 *", "np.floor(2040 *"),
    "a and b exchanged": (
        "500 * (x - y), 200 * (y - z)",
        "200 * (y - z), 500 * (x - y)",
    ),
    "b from x": ("200 * (y - z), 15", "200 * (x - z), 15"),
    "L to 100": ("scale = (116 * 255 + 50)", "scale = (116 * 100 + 50)"),
}


def all_differences(m: ModuleType) -> float:
    image = some_colors()
    ties = image_of(np.arange(0x300000, 0x340000))
    wrong = differing(m, image) + differing(m, ties)
    return wrong + float(formula_error(m) > 1e-9)


def test_nothing_differs_without_a_mutation() -> None:
    assert all_differences(channels_lab) == 0


def all_colors_differ(m: ModuleType) -> bool:
    return any(
        differing(m, image_of(np.arange(part << 20, (part + 1) << 20)))
        for part in range(16)
    )


@pytest.mark.parametrize("mutation", MUTANTS)
def test_comparison_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(channels_lab, *MUTANTS[mutation])
    assert all_differences(mutant) > 0 or all_colors_differ(mutant)


def test_the_two_ties_are_ties() -> None:
    assert len(channels_lab.TIES) == 2
    for index, value in channels_lab.TIES.items():
        exact = 32768 * np.cbrt(index / 2040)
        assert abs(exact - np.floor(exact) - 0.5) < 2e-4
        assert abs(exact - value) < 0.51
        assert round(exact) != value


def test_without_them_a_ten_thousandth_of_the_colors_differs() -> None:
    mutant = mutate(channels_lab, *MUTANTS["ties by the formula"])
    wrong = [0, 0, 0]
    for part in range(16):
        image = image_of(np.arange(part << 20, (part + 1) << 20))
        theirs = cv2.cvtColor(image, cv2.COLOR_BGR2LAB).astype(int)
        gap = np.abs(mutant.bgr_to_lab(image) - theirs)
        assert gap.max() <= 1
        wrong = [
            a + np.count_nonzero(b) for a, b in zip(wrong, gap.T, strict=True)
        ]
    assert 0 < sum(wrong) < 2**24 / 9_000


def test_float32_lab_of_opencv_is_interpolated() -> None:
    bgr = np.random.default_rng(0).random((200, 200, 3)).astype(np.float32)
    theirs = cv2.cvtColor(bgr, cv2.COLOR_BGR2LAB)
    gap = np.abs(channels_lab.lab_formula(bgr) - theirs).max()
    assert 0.1 < gap < 1


def test_gray_is_neutral_and_lightness_ends_at_100() -> None:
    v = np.linspace(0, 1, 50)
    lab = channels_lab.lab_formula(np.repeat(v[None, :, None], 3, axis=2))
    np.testing.assert_allclose(lab[:, :, 1:], 0, atol=1e-12)
    assert lab[0, 0, 0] == pytest.approx(0, abs=1e-12)
    assert lab[0, -1, 0] == pytest.approx(100, abs=1e-12)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((3, 3, 3)), "image is float64"),
        (np.zeros((3, 3), np.uint8), r"image is \(3, 3\)"),
    ],
)
def test_bad_input_is_named(image: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        channels_lab.bgr_to_lab(image)
