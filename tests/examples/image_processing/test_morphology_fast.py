"""Running maxima against OpenCV, SciPy and a count of comparisons."""

from types import ModuleType

import cv2
import numpy as np
import pytest
from scipy import ndimage
from skimage import data

from examples.image_processing import morphology_fast as fast
from tests.mutants import mutate

SIZES = ((1, 1), (3, 3), (4, 7), (15, 2), (51, 51), (200, 3))


def fast_differences(module: ModuleType) -> dict[str, int]:
    found = {"dilate": 0, "erode": 0}
    for image in (data.camera()[:97, :120], data.coffee()[:60, :61]):
        for x in (image, image.astype(np.float32) / 255):
            for w, h in SIZES:
                square = np.ones((h, w), np.uint8)
                for anchor in (None, (0, h - 1)):
                    theirs = {
                        "dilate": cv2.dilate(
                            x, square, anchor=anchor or (-1, -1)
                        ),
                        "erode": cv2.erode(
                            x, square, anchor=anchor or (-1, -1)
                        ),
                    }
                    for name, y in theirs.items():
                        ours = getattr(module, f"{name}_rectangle")
                        found[name] += int((ours(x, w, h, anchor) != y).sum())
    return found


def test_rectangles_equal_opencv(proof) -> None:
    found = fast_differences(fast)
    assert found == {"dilate": 0, "erode": 0}
    for name, differing in found.items():
        proof(
            ours=f"{name}_rectangle",
            reference=f"cv2.{name}",
            case="6 sizes up to 200, 2 anchors",
            differing=differing,
        )


def test_running_maximum_equals_scipy() -> None:
    x = np.random.default_rng(0).normal(size=101)
    for size in (1, 2, 3, 10, 51, 101):
        ours = fast.running_max(x, size)
        theirs = ndimage.maximum_filter1d(x, size, origin=-(size // 2))
        windows = np.lib.stride_tricks.sliding_window_view(x, size).max(axis=1)
        assert np.array_equal(ours, windows)
        assert np.array_equal(ours, theirs[: ours.size])


class Counted(int):
    """A number that counts how often numbers are compared."""

    comparisons = 0

    def __ge__(self, other: object) -> bool:
        Counted.comparisons += 1
        return int(self) >= int(str(other))

    __gt__ = __ge__


@pytest.mark.parametrize("size", [3, 10, 30, 100])
def test_fewer_than_three_comparisons_whatever_the_window(size: int) -> None:
    values = np.random.default_rng(1).integers(0, 1000, 3000)
    counted = np.array([Counted(v) for v in values], dtype=object)
    Counted.comparisons = 0
    result = fast.running_max(counted, size)
    windows = np.lib.stride_tricks.sliding_window_view(values, size)
    assert np.array_equal(result.astype(int), windows.max(axis=1))
    per_value = Counted.comparisons / values.size
    assert 2 * (1 - 1 / size) - 0.1 < per_value - 1 + size / 3000
    assert per_value < 3


def test_what_fills_the_last_block_is_never_seen() -> None:
    mutant = mutate(fast, "np.repeat(x[-1:],", "np.repeat(x[-1:] + 99,")
    x = np.arange(17)[::-1].copy()
    for size in range(1, 18):
        assert np.array_equal(
            mutant.running_max(x, size), fast.running_max(x, size)
        )


FAST_MUTANTS = {
    "head one early": ("head[size - 1 : n]", "head[size - 2 : n - 1]"),
    "tail runs forward": (
        "np.maximum.accumulate(blocks[:, ::-1], axis=1)[:, ::-1]",
        "np.maximum.accumulate(blocks, axis=1)",
    ),
    "one block only": (
        "np.maximum(tail[: n - size + 1], head[size - 1 : n])",
        "tail[: n - size + 1]",
    ),
    "blocks across the other axis": ("axis=1)\n    tail", "axis=0)\n    tail"),
    "white outside": ("limits(image)[0], image", "limits(image)[1], image"),
    "width for height": (
        "running_max(wide, height)",
        "running_max(wide, width)",
    ),
    "negative of 254": ("most - image", "most - 1 - image"),
}


@pytest.mark.parametrize("mutation", FAST_MUTANTS)
def test_fast_comparison_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(fast, *FAST_MUTANTS[mutation])
    try:
        assert any(fast_differences(mutant).values())
    except ValueError:
        return


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: fast.running_max(x, 0), r"size is 0: it must be 1 .. 20"),
        (lambda x: fast.running_max(x, 21), "size is 21"),
        (lambda x: fast.dilate_rectangle(x, 0, 3), "size is 0 x 3"),
        (lambda x: fast.dilate_rectangle(x, 3, 3, (3, 3)), "not inside 3 x 3"),
        (lambda x: fast.dilate_rectangle(x > 0, 3, 3), "image has type bool"),
    ],
)
def test_bad_input_is_named(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(np.zeros((20, 20), np.uint8))
