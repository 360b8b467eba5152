"""The same errors, three arrangements: what is equal and what is not."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from skimage import data, metrics

from examples.image_quality import index
from tests.mutants import mutate

PAPER = {
    "gaussian_weights": True,
    "sigma": 1.5,
    "use_sample_covariance": False,
    "data_range": 255,
}


def measures(x: np.ndarray, y: np.ndarray) -> tuple[float, ...]:
    """All that look at pixels one by one, the sorted errors included."""
    e = np.abs(y.astype(int) - x)
    return (
        metrics.mean_squared_error(x, y),
        metrics.peak_signal_noise_ratio(x, y),
        float(e.mean()),
        float(e.max()),
        float(np.median(e)),
    )


def test_all_pixel_measures_call_the_three_equal() -> None:
    x = index.photograph()
    images = index.same_errors(x)
    assert len(images) == 3
    found = {measures(x, y) for y in images.values()}
    assert len(found) == 1  # integers: equal to the last bit
    sizes = [np.sort(np.abs(y.astype(int) - x), None) for y in images.values()]
    assert all(np.array_equal(size, sizes[0]) for size in sizes)


def test_one_of_the_three_is_really_a_blur() -> None:
    x = index.photograph()
    y = index.same_errors(x)["blurred, x - e"]
    assert np.array_equal(y, cv2.GaussianBlur(x, (0, 0), 4))


def test_ssim_tells_them_apart() -> None:
    x = index.photograph()
    blurred, sharpened, strewn = (
        float(np.asarray(metrics.structural_similarity(x, y, **PAPER)))
        for y in index.same_errors(x).values()
    )
    assert sharpened > blurred + 0.05 > strewn + 0.1


def test_sharpness_without_a_reference_likes_noise_best() -> None:
    x = index.photograph()
    blurred, sharpened, strewn = map(
        index.sharpness, index.same_errors(x).values()
    )
    assert blurred < index.sharpness(x) < sharpened < strewn


def test_sharpness_is_the_variance_of_opencvs_laplacian(
    proof: Callable[..., None],
) -> None:
    gaps = []
    for x in (data.camera(), data.moon(), index.photograph()):
        theirs = cv2.Laplacian(x, cv2.CV_64F).var()
        gaps.append(float(abs(index.sharpness(x) - theirs) / theirs))
    assert max(gaps) < 1e-12
    proof(
        ours="sharpness",
        reference="cv2.Laplacian",
        case="3 photographs",
        error=max(gaps),
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"sharpened, x + e": x + e', '"sharpened, x + e": x + 2 * e'),
        ("x + scattered.reshape", "x - scattered[::-1].clip(-9).reshape"),
        (".permutation(e.ravel())", ".choice(e.ravel(), e.size)"),
        ('"blurred, x - e": x - e', '"blurred, x - e": x - e // 2'),
        ("58 + 0.6 * gray", "gray * 1.0"),
    ],
)
def test_unequal_errors_are_noticed(old: str, new: str) -> None:
    mutant = mutate(index, old, new)
    x = mutant.photograph()
    try:
        images = mutant.same_errors(x).values()
    except ValueError:  # left 0..255
        return
    assert len({measures(x, y) for y in images}) > 1


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((9, 9)), r"x is float64 \(9, 9\)"),
        (np.zeros((9, 9, 3), np.uint8), r"x is uint8 \(9, 9, 3\)"),
        (data.camera(), r"leaves 0\.\.255; narrow the range of x"),
    ],
)
def test_bad_input_is_named(x: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        index.same_errors(x)
