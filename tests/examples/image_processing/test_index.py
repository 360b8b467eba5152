"""Borders, windows, rounding and connectivity against OpenCV."""

from collections.abc import Callable
from types import ModuleType

import cv2
import numpy as np
import pytest
from skimage import data, measure

from examples.image_processing import index
from tests.mutants import mutate

FLAGS = {
    "constant": cv2.BORDER_CONSTANT,
    "replicate": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT,
    "reflect_101": cv2.BORDER_REFLECT_101,
    "wrap": cv2.BORDER_WRAP,
}


def border_differing(m: ModuleType) -> int:
    differing = 0
    for border, flag in FLAGS.items():
        for n in range(1, 8):
            for p in range(-3 * n - 2, 4 * n + 2):
                theirs = cv2.borderInterpolate(p, n, flag)
                differing += m.border_index(p, n, border) != theirs
    return int(differing)


def pad_differing(m: ModuleType) -> int:
    image = np.random.default_rng(0).integers(1, 256, (5, 8), np.uint8)
    differing = 0
    for border, flag in FLAGS.items():
        for reach in (0, 1, 4):
            theirs = cv2.copyMakeBorder(image, *[reach] * 4, flag)
            differing += np.count_nonzero(m.pad(image, reach, border) != theirs)
    return int(differing)


def window_differing(m: ModuleType) -> dict[str, float]:
    """Differing pixels of median and maximum, worst error of the mean."""
    worst = {"cv2.medianBlur": 0.0, "cv2.dilate": 0.0, "cv2.blur": 0.0}
    for name in ("camera", "coins", "text"):
        image = getattr(data, name)()[:120, :150]
        exact = image.astype(np.float64)
        for size in (3, 5):
            ones = np.ones((size, size), np.uint8)
            pairs = {
                "cv2.medianBlur": (
                    m.neighborhood(image, np.median, size, "replicate"),
                    cv2.medianBlur(image, size),
                ),
                "cv2.dilate": (
                    m.neighborhood(image, np.max, size, "constant"),
                    cv2.dilate(image, ones),
                ),
            }
            for key, (ours, theirs) in pairs.items():
                worst[key] += np.count_nonzero(ours != theirs)
            theirs = cv2.blur(exact, (size, size))
            gap = np.abs(m.neighborhood(exact, np.mean, size) - theirs)
            worst["cv2.blur"] = max(worst["cv2.blur"], float(gap.max()))
    return worst


def saturate_differing(m: ModuleType) -> int:
    values = np.arange(-600, 1800, dtype=np.float64)[None] / 4  # -150..450
    theirs = cv2.add(values, 0.0, dtype=cv2.CV_8U)
    return int(np.count_nonzero(m.saturate(values) != theirs))


def labels_differing(m: ModuleType) -> int:
    """Masks whose parts are not the same sets of pixels."""
    rng, differing = np.random.default_rng(0), 0
    masks = [rng.random((13, 17)) < p for p in (0.2, 0.4, 0.5, 0.6, 0.8)]
    masks += [np.eye(6, dtype=bool), np.zeros((3, 4), bool)]
    for mask in masks:
        for connectivity in (4, 8):
            ours = m.components(mask, connectivity)
            count, theirs = cv2.connectedComponents(
                mask.astype(np.uint8), connectivity=connectivity
            )
            pairs = set(zip(ours.ravel(), theirs.ravel(), strict=True))
            same = len(pairs) == count == ours.max() + 1
            differing += not same
    return differing


def test_borders_equal_opencv(proof: Callable[..., None]) -> None:
    assert border_differing(index) == 0
    proof(
        ours="border_index",
        reference="cv2.borderInterpolate",
        case="5 borders, n = 1 to 7",
        measure="indices",
        difference=0,
    )
    assert pad_differing(index) == 0
    proof(
        ours="pad",
        reference="cv2.copyMakeBorder",
        case="5 borders, 0, 1 and 4 pixels",
        measure="pixels",
        difference=0,
    )


def test_windows_equal_opencv(proof: Callable[..., None]) -> None:
    worst = window_differing(index)
    assert worst["cv2.medianBlur"] == worst["cv2.dilate"] == 0
    assert worst["cv2.blur"] < 1e-12
    borders = {
        "cv2.medianBlur": "median, replicate",
        "cv2.dilate": "maximum, constant",
        "cv2.blur": "mean, reflect_101, float64",
    }
    for reference, gap in worst.items():
        mean = reference == "cv2.blur"
        proof(
            ours="neighborhood",
            reference=reference,
            case=borders[reference],
            measure="gray levels" if mean else "pixels",
            difference=gap if mean else int(gap),
        )


def test_saturation_equals_opencv(proof: Callable[..., None]) -> None:
    assert saturate_differing(index) == 0
    proof(
        ours="saturate",
        reference="cv2.add",
        case="-150 to 450 in quarters",
        measure="values",
        difference=0,
    )


def test_components_equal_opencv(proof: Callable[..., None]) -> None:
    assert labels_differing(index) == 0
    proof(
        ours="components",
        reference="cv2.connectedComponents",
        case="7 masks, 4 and 8",
        measure="masks",
        difference=0,
    )


def test_components_equal_scikit_image_label_for_label() -> None:
    mask = np.random.default_rng(1).random((20, 30)) < 0.5
    for connectivity, rank in ((4, 1), (8, 2)):
        np.testing.assert_array_equal(
            index.components(mask, connectivity),
            measure.label(mask, connectivity=rank),
        )


MUTANTS = {
    "reflect leaves the border out": (
        "2 * n - 1 - p",
        "2 * n - 2 - p",
    ),
    "reflect_101 doubles the border": (
        "return p if p < n else 2 * n - 2 - p",
        "return min(p if p < n else 2 * n - 1 - p, n - 1)",
    ),
    "wrap by one too many": ("return p % n", "return p % (n + 1) % n"),
    "replicate at one end only": ("min(max(p, 0), n - 1)", "max(p, 0) % n"),
    "a constant of another value": (
        "((0, 1), (0, 1)))",
        "((0, 1), (0, 1)), constant_values=1)",
    ),
    "window off its center": (
        "pad(image, size // 2, border)",
        "pad(image, size // 2, border)[::-1]",
    ),
    "another default border": (
        'border: str = "reflect_101",\n) -> np.ndarray:',
        'border: str = "reflect",\n) -> np.ndarray:',
    ),
    "truncates": ("np.rint(values)", "np.trunc(values)"),
    "halves rounded up": ("np.rint(values)", "np.floor(values + 0.5)"),
    "wraps around": (
        "np.clip(np.rint(values), 0, 255)",
        "np.rint(values).astype(int)",
    ),
    "4 and 8 exchanged": (
        "{4: CROSS, 8: CROSS + DIAGONALS}",
        "{8: CROSS, 4: CROSS + DIAGONALS}",
    ),
    "a diagonal forgotten": ("(1, -1), (1, 1))\nN", "(1, -1))\nN"),
}


def all_differences(m: ModuleType) -> float:
    windows = window_differing(m)
    windows["cv2.blur"] = float(windows["cv2.blur"] >= 1e-12)
    return (
        border_differing(m)
        + pad_differing(m)
        + saturate_differing(m)
        + labels_differing(m)
        + sum(windows.values())
    )


def test_nothing_differs_without_a_mutation() -> None:
    assert all_differences(index) == 0


@pytest.mark.parametrize("mutation", MUTANTS)
def test_comparison_notices_the_mutant(mutation: str) -> None:
    assert all_differences(mutate(index, *MUTANTS[mutation])) > 0


def test_a_line_and_its_background_need_different_neighbors() -> None:
    line = np.eye(5, dtype=bool)
    parts = {
        c: (index.components(line, c).max(), index.components(~line, c).max())
        for c in (4, 8)
    }
    assert parts == {4: (5, 2), 8: (1, 1)}


def test_numpy_wraps_and_opencv_saturates() -> None:
    a, b = np.array([[200, 20]], np.uint8), np.array([[100, 50]], np.uint8)
    assert (a + b).tolist() == [[44, 70]]
    assert cv2.add(a, b).tolist() == [[255, 70]]
    wide = a.astype(int) - b.astype(int)
    np.testing.assert_array_equal(index.saturate(wide), cv2.subtract(a, b))


def test_opencv_takes_four_values_or_fewer_for_a_scalar() -> None:
    for n in range(1, 7):
        row = np.full(n, 200, np.uint8)
        total = cv2.add(row, row)
        assert (total.dtype == np.float64) == (n <= 4)


def test_truncation_darkens_and_rounding_does_not() -> None:
    rounded = truncated = data.camera()[100:228, 100:228]
    before = rounded.mean()
    for _ in range(20):
        rounded = index.saturate(index.neighborhood(rounded, np.mean))
        truncated = index.neighborhood(truncated, np.mean).astype(np.uint8)
    assert abs(rounded.mean() - before) < 1
    assert truncated.mean() < rounded.mean() - 5


def test_an_unsigned_derivative_loses_one_edge_of_a_bar() -> None:
    bar = np.zeros((5, 9), np.uint8)
    bar[:, 3:6] = 255
    lost, kept = (cv2.Sobel(bar, d, 1, 0) for d in (cv2.CV_8U, cv2.CV_16S))
    np.testing.assert_array_equal(lost, index.saturate(kept))
    assert (kept < 0).sum() == (kept > 0).sum() == 2 * (lost > 0).sum() // 2


def test_filtering_in_place_smears_along_the_scan() -> None:
    image = np.zeros((7, 9))
    image[3, 4] = 90
    right = index.neighborhood(image, np.mean)
    for i in range(1, 6):
        for j in range(1, 8):
            image[i, j] = image[i - 1 : i + 2, j - 1 : j + 2].mean()
    np.testing.assert_array_equal(right[3], right[3, ::-1])
    assert image[3, 6] > 1.5 * image[3, 2]  # a trail in reading order
    assert right[5, 5] == 0
    assert image[5, 5] > 0


GRAY = np.zeros((4, 5), np.uint8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: index.border_index(1, 5, "mirror"), "border is 'mirror'"),
        (lambda: index.border_index(1, 0, "wrap"), "n is 0"),
        (lambda: index.pad(data.coffee(), 1, "wrap"), r"image is \(400"),
        (lambda: index.pad(GRAY[:0], 1, "wrap"), "n is 0"),
        (lambda: index.neighborhood(GRAY, np.mean, 4), "size is 4"),
        (lambda: index.neighborhood(GRAY, np.mean, 0), "size is 0"),
        (lambda: index.components(GRAY > 0, 6), "connectivity is 6"),
        (lambda: index.components(GRAY, 4), r"mask is uint8 \(4, 5\)"),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
