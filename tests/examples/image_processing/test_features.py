"""Harris and Shi-Tomasi against OpenCV, scikit-image and the definition."""

from collections.abc import Callable
from types import ModuleType

import cv2
import numpy as np
import pytest
from skimage import data
from skimage.feature import corner_harris

from examples.image_processing import features
from tests.mutants import mutate

PHOTOGRAPHS = ("camera", "coins", "brick", "page", "text")
BLOCKS = (2, 3, 5)


def photograph(name: str) -> np.ndarray:
    return getattr(data, name)()


def harris_gap(module: ModuleType) -> float:
    """Largest gap to OpenCV, as a share of the largest response."""
    worst = 0.0
    for name in PHOTOGRAPHS:
        image = photograph(name)
        for block in BLOCKS:
            for k in (0.04, 0.06):
                theirs = cv2.cornerHarris(image, block, 3, k)
                window = module.box_window(block)
                ours = 16 * module.harris(image, window, k)
                gap = np.abs(ours - theirs).max() / np.abs(theirs).max()
                worst = max(worst, float(gap))
    return worst


def eigenvalue_gap(module: ModuleType) -> float:
    worst = 0.0
    for name in PHOTOGRAPHS:
        image = photograph(name)
        for block in BLOCKS:
            theirs = cv2.cornerMinEigenVal(image, block, 3)
            ours = 4 * module.shi_tomasi(image, module.box_window(block))
            gap = np.abs(ours - theirs).max() / theirs.max()
            worst = max(worst, float(gap))
    return worst


def skimage_gap(module: ModuleType) -> float:
    worst, inner = 0.0, (slice(16, -16), slice(16, -16))
    for name in PHOTOGRAPHS:
        image = photograph(name)
        for sigma in (1, 1.5):
            window = module.gaussian_window(sigma)
            ours = 8**4 * module.harris(image, window, 0.05)
            theirs = corner_harris(image / 255, k=0.05, sigma=sigma)
            gap = np.abs(ours - theirs)[inner].max()
            worst = max(worst, float(gap / np.abs(theirs[inner]).max()))
    return worst


def test_harris_equals_opencv_up_to_its_scale(
    proof: Callable[..., None],
) -> None:
    error = harris_gap(features)
    assert error < 3e-6  # OpenCV computes in float32
    proof(
        ours="harris",
        reference="cv2.cornerHarris",
        case="5 photographs, ours × 16",
        measure="share of the largest",
        difference=error,
    )


def test_smaller_eigenvalue_equals_opencv(proof: Callable[..., None]) -> None:
    error = eigenvalue_gap(features)
    assert error < 3e-6
    proof(
        ours="shi_tomasi",
        reference="cv2.cornerMinEigenVal",
        case="5 photographs, ours × 4",
        measure="share of the largest",
        difference=error,
    )


def test_harris_equals_scikit_image_inside(
    proof: Callable[..., None],
) -> None:
    error = skimage_gap(features)
    assert error < 1e-13
    proof(
        ours="harris",
        reference="skimage.feature.corner_harris",
        case="5 photographs, inside, ours × 4096",
        measure="share of the largest",
        difference=error,
    )


MUTANTS = {
    "smoothing weights": ("(0.25, 0.5, 0.25)", "(0.3, 0.4, 0.3)"),
    "backward difference": ("(-0.5, 0.0, 0.5)", "(-1.0, 1.0, 0.0)"),
    "no smoothing across": (
        "weigh(weigh(level, difference, axis=1), smooth, axis=0)",
        "weigh(level, difference, axis=1)",
    ),
    "mixed product": ("products = ix * ix, ix * iy", "products = ix * ix, ix"),
    "trace not squared": ("k * (xx + yy) ** 2", "k * (xx + yy)"),
    "determinant": ("- xy * xy -", "- xy -"),
    "replicated border": ('mode="reflect"', 'mode="edge"'),
    "even window hangs over to the right": (
        "before = len(weights) // 2",
        "before = (len(weights) - 1) // 2",
    ),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_comparison_notices_the_mutant(mutation: str) -> None:
    assert harris_gap(mutate(features, *MUTANTS[mutation])) > 3e-6


def test_comparison_notices_wrong_eigenvalues() -> None:
    wrong = mutate(features, "(xx - yy) / 2, xy", "(xx - yy) / 2, xy / 2")
    assert eigenvalue_gap(wrong) > 3e-6
    wrong = mutate(features, "center - radius", "center")
    assert eigenvalue_gap(wrong) > 3e-6
    wrong = mutate(features, "int(4 * sigma + 0.5)", "int(2 * sigma + 0.5)")
    assert skimage_gap(wrong) > 1e-13


def test_eigenvalues_bound_the_cost_of_small_shifts() -> None:
    """E / |shift|² lies between them, up to the blur of the derivative."""
    y, x = np.mgrid[:64, :64]
    wave = np.sin(x / 9) + np.cos(y / 7) + np.sin((x + 2 * y) / 11)
    image = np.round(127 + 40 * wave).astype(np.uint8)
    large, small = features.eigenvalues(image, features.box_window(9))
    for at in [(20, 20), (31, 40), (45, 25)]:
        costs = features.shift_costs(image, *at, 9)
        assert 0.75 * small[at[::-1]] < costs.min()
        assert costs.max() < 1.25 * large[at[::-1]]


@pytest.mark.parametrize("k", [0.04, 0.06, 0.15])
def test_sign_of_harris_is_the_ratio_of_the_eigenvalues(k: float) -> None:
    image, window = photograph("camera"), features.box_window(5)
    large, small = features.eigenvalues(image, window)
    some = small > 1e-9
    ratio = large[some] / small[some]
    response = features.harris(image, window, k)[some]
    positive = response > 0
    clear = np.abs(response) > 1e-12
    expected = ratio + 1 / ratio < 1 / k - 2
    assert (expected == positive)[clear].all()
    assert positive.any()
    assert not positive.all()


def test_page_says_twenty_three() -> None:
    ratio = np.roots([1, -(1 / 0.04 - 2), 1]).max()
    assert 22.9 < ratio < 23


def test_response_turns_with_the_image_and_grows_with_contrast() -> None:
    image, window = photograph("coins"), features.gaussian_window(1.5)
    response = features.harris(image, window)
    turned = features.harris(np.rot90(image), window)
    assert np.abs(np.rot90(response) - turned).max() < 1e-15
    half = image // 2
    weak = features.harris(half, window)
    assert np.abs(features.harris(half + 90, window) - weak).max() < 1e-15
    strong = features.harris(half * 2, window)
    assert np.allclose(strong, 16 * weak, atol=1e-15)


def test_local_maxima_are_x_y_strongest_first() -> None:
    score = np.zeros((20, 30))
    score[4, 25], score[15, 7], score[15, 9] = 2, 3, 1
    found = features.local_maxima(score, radius=2, count=9)
    assert found.tolist() == [[7, 15], [25, 4]]  # 1 is too near to 3
    assert len(features.local_maxima(score, radius=1, count=9)) == 3
    assert len(features.local_maxima(score, radius=1, count=2)) == 2


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((8, 8, 3), np.uint8), r"image is \(8, 8, 3\).*gray"),
        (np.zeros((8, 8)), "image is float64; it must be uint8"),
        (None, "image is None"),
    ],
)
def test_bad_image_is_named(image: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        features.harris(image, features.box_window(3))


def test_bad_window_and_k_are_named() -> None:
    image = photograph("coins")
    with pytest.raises(ValueError, match="window sums to 3"):
        features.harris(image, np.ones(3))
    for k in (0, 0.25, 4):
        with pytest.raises(ValueError, match=f"k is {k}"):
            features.harris(image, features.box_window(3), k)
