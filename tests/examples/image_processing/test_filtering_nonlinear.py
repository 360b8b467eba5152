"""Median and bilateral against OpenCV, SciPy and loops by hand."""

import math
from types import ModuleType

import cv2
import numpy as np
import pytest
from scipy import ndimage
from skimage import data

from examples.image_processing import filtering_nonlinear as nonlinear
from tests.mutants import mutate


def photographs() -> list[np.ndarray]:
    camera, coffee = data.camera(), data.coffee()
    return [camera[:120, 200:321], coffee[99:180, 40:121]]


def median_differences(module: ModuleType) -> int:
    return sum(
        int((module.median(image, size) != cv2.medianBlur(image, size)).sum())
        for image in photographs()
        for size in (1, 3, 5, 7, 11)
    )


def by_hand(
    x: np.ndarray, size: int, sigma_color: float, sigma_space: float
) -> np.ndarray:
    """The bilateral filter, one pixel at a time, in plain Python."""
    h, w, c = x.shape
    r = size // 2
    y = np.zeros(x.shape)
    for i in range(h):
        for j in range(w):
            total, mean = 0.0, [0.0] * c
            for a in range(i - r, i + r + 1):
                for b in range(j - r, j + r + 1):
                    if math.hypot(a - i, b - j) > r:
                        continue
                    q = x[
                        min(abs(a), 2 * h - 2 - a), min(abs(b), 2 * w - 2 - b)
                    ]
                    gap = sum(
                        abs(float(u - v))
                        for u, v in zip(q, x[i, j], strict=True)
                    )
                    far = ((a - i) ** 2 + (b - j) ** 2) / sigma_space**2
                    k = math.exp(-(far + (gap / sigma_color) ** 2) / 2)
                    total += k
                    mean = [m + k * v for m, v in zip(mean, q, strict=True)]
            y[i, j] = [m / total for m in mean]
    return y


def bilateral_errors(module: ModuleType) -> dict[str, float]:
    """By hand in float64; OpenCV's float32 looks its weights up in a table."""
    small = data.coffee()[100:112, 300:314].astype(float)
    gap = module.bilateral(small, 5, 40, 2) - by_hand(small, 5, 40, 2)
    found = {"by hand": float(np.abs(gap).max()), "cv2": 0.0}
    for image in photographs():
        for setting in ((5, 30, 2), (9, 60, 2), (9, 75, 75)):
            y = module.bilateral(image, *setting)
            theirs = cv2.bilateralFilter(image.astype(np.float32), *setting)
            found["cv2"] = max(found["cv2"], float(np.abs(y - theirs).max()))
    return found


def test_median_equals_opencv_and_scipy(proof) -> None:
    differing = median_differences(nonlinear)
    assert differing == 0
    proof(
        ours="median",
        reference="cv2.medianBlur",
        case="uint8, 5 sizes, gray and color",
        differing=differing,
    )
    x = data.camera()[:100, :100] / 255
    differing = int(
        (
            nonlinear.median(x, 5)
            != ndimage.median_filter(x, 5, mode="nearest")
        ).sum()
    )
    assert differing == 0
    proof(
        ours="median",
        reference="scipy.ndimage.median_filter",
        case="float64",
        differing=differing,
    )


def test_bilateral_equals_a_loop_by_hand_and_opencv(proof) -> None:
    found = bilateral_errors(nonlinear)
    assert found["by hand"] < 1e-11
    assert found["cv2"] < 1e-3  # gray levels
    proof(
        ours="bilateral",
        reference="cv2.bilateralFilter",
        case="float32, 3 settings",
        error=found["cv2"],
    )


def test_bytes_of_bilateral_filter(proof) -> None:
    off, pixels = 0, 0
    for image in photographs():
        for setting in ((7, 30, 2), (9, 60, 2), (9, 75, 75)):
            exact = np.rint(nonlinear.bilateral(image, *setting))
            gap = np.abs(exact - cv2.bilateralFilter(image, *setting))
            assert gap.max() <= 1
            off, pixels = off + int((gap == 1).sum()), pixels + gap.size
    assert off / pixels < 1e-3
    proof(
        ours="bilateral",
        reference="cv2.bilateralFilter",
        case="uint8, 3 settings",
        one_off=off / pixels,
    )


def test_small_gray_windows_may_be_one_level_dark_in_opencv() -> None:
    """OpenCV's fast path for d = 3 and 5 cuts off where it should round."""
    image = data.camera()[:200, :200]
    for size in (3, 5):
        exact = nonlinear.bilateral(image, size, 30, 2)
        gap = cv2.bilateralFilter(image, size, 30, 2) - exact
        assert gap.min() > -1.001
        assert gap.max() < 0.501


MUTANTS = {
    "mean for median": (
        "ordered[..., size**2 // 2]",
        "ordered.mean(axis=-1).astype(image.dtype)",
    ),
    "next to the middle": ("size**2 // 2]", "size**2 // 2 - size // 2]"),
    "not sorted": (
        "np.sort(windows.reshape(*image.shape, size**2), axis=-1)",
        "windows.reshape(*image.shape, size**2)",
    ),
    "mirrored border": ('"replicate"', '"reflect_101"'),
    "one row too few": ('size // 2, size // 2, "repl', '0, 0, "repl'),
}
BILATERAL_MUTANTS = {
    "square window": ("squared > r**2", "False"),
    "disk a pixel smaller": ("squared > r**2", "squared >= r**2"),
    "sigmas exchanged": ("2 * sigma_space**2", "2 * sigma_color**2"),
    "no half in the exponent": (
        "gap**2 / (2 * sigma_color**2)",
        "gap**2 / sigma_color**2",
    ),
    "largest channel instead of the sum": (".sum(axis=2", ".max(axis=2"),
    "Gauss only": ("np.exp(-near - alike)", "np.exp(-near)"),
    "weights not summed": ("weights += weight", "weights += 1"),
    "another border": ('r, r, "reflect_101"', 'r, r, "replicate"'),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_median_comparison_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(nonlinear, *MUTANTS[mutation])
    try:
        assert median_differences(mutant) > 0
    except ValueError:
        return


@pytest.mark.parametrize("mutation", BILATERAL_MUTANTS)
def test_bilateral_comparison_notices_the_mutant(mutation: str) -> None:
    found = bilateral_errors(mutate(nonlinear, *BILATERAL_MUTANTS[mutation]))
    assert found["by hand"] > 1e-11
    assert found["cv2"] > 1e-3


def test_median_keeps_a_step_and_commutes_with_monotonic_curves() -> None:
    step = np.zeros((20, 20), np.uint8)
    step[:, 9:] = 200
    assert np.array_equal(nonlinear.median(step, 7), step)
    curve = np.linspace(0, 15, 256) ** 2  # as gamma correction does
    image = data.camera()[:80, :80]
    assert np.array_equal(
        nonlinear.median(curve[image], 5), curve[nonlinear.median(image, 5)]
    )


def test_median_invents_colors_channel_by_channel() -> None:
    image = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    assert nonlinear.median(image, 3)[0, 1].tolist() == [0, 0, 0]


def test_bilateral_between_its_two_limits() -> None:
    x = data.camera()[:60, :60].astype(float)
    assert np.allclose(nonlinear.bilateral(x, 7, 1e-3, 2), x)
    wide = nonlinear.bilateral(x, 7, 1e9, 2)
    a = np.arange(-3, 4)
    squared = a[:, np.newaxis] ** 2 + a**2
    disk = np.exp(-squared / 8) * (squared <= 9)
    gauss = ndimage.correlate(x, disk / disk.sum(), mode="mirror")
    np.testing.assert_allclose(wide, gauss, rtol=0, atol=1e-9)


def test_opencv_median_refuses_float64_and_large_windows_of_floats() -> None:
    x = data.camera()[:50, :50]
    with pytest.raises(cv2.error):
        cv2.medianBlur(x.astype(float), 3)
    for kind in ("uint16", "float32"):
        cv2.medianBlur(x.astype(kind), 5)
        with pytest.raises(cv2.error):
            cv2.medianBlur(x.astype(kind), 7)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: nonlinear.median(x, 4), "size is 4: it must be odd"),
        (lambda x: nonlinear.median(x[0], 3), "image has shape"),
        (lambda x: nonlinear.bilateral(x, 5, 0, 1), "sigma_color is 0"),
        (lambda x: nonlinear.bilateral(x, 5, 1, -1), "sigma_space is -1"),
        (lambda x: nonlinear.bilateral(x, 0, 1, 1), "size is 0"),
    ],
)
def test_bad_input_is_named(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(np.zeros((20, 20)))
