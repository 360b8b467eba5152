"""Addresses against raw memory, levels against NumPy and OpenCV, all pairs."""

import ctypes
import re
from collections.abc import Callable
from types import ModuleType

import cv2
import numpy as np
import pytest
from skimage import data

from examples.opencv import index
from tests.mutants import mutate

VIEWS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "whole": lambda a: a,
    "box": lambda a: a[2:6, 1:4],
    "bottom up": lambda a: a[::-1],
    "mirrored": lambda a: a[:, ::-1],
    "RGB": lambda a: a[..., ::-1],
    "every second": lambda a: a[1::2, ::2],
    "one channel": lambda a: a[..., 1],
    "channels first": lambda a: a.transpose(2, 0, 1),
}
PAIRS = np.meshgrid(np.arange(256), np.arange(256))


def misread(module: ModuleType) -> int:
    """Values that are not in memory where ``offset`` says, over all views."""
    random = np.random.default_rng(0)
    wrong = 0
    for dtype in (np.uint8, np.uint16, np.float32):
        image = random.integers(0, 255, (7, 5, 3)).astype(dtype)
        for take in VIEWS.values():
            view = take(image)
            start, size = view.ctypes.data, view.itemsize
            for place in np.ndindex(view.shape):
                there = start + module.offset(view, *place)
                raw = ctypes.string_at(there, size)
                wrong += raw != view[place].tobytes()
    return int(wrong)


def unpacked(module: ModuleType) -> int:
    """Places in packed images that are not those of row-major counting."""
    wrong = 0
    for shape in ((7, 5), (7, 5, 3), (3, 9, 4)):
        image = np.zeros(shape, np.uint16)
        for place in np.ndindex(shape):
            count = np.ravel_multi_index(place, shape)
            wrong += module.offset(image, *place) != 2 * count
    return int(wrong)


def levels_apart(module: ModuleType) -> dict[str, int]:
    """How many of all 65536 pairs of levels come out otherwise."""
    a, b = (pair.astype(np.uint8) for pair in PAIRS)
    x, y = PAIRS
    ours = {
        "numpy.add": (module.wrap(x + y), np.add(a, b)),
        "numpy.subtract": (module.wrap(x - y), np.subtract(a, b)),
        "numpy.multiply": (module.wrap(x * y), np.multiply(a, b)),
        "cv2.add": (module.saturate(x + y), cv2.add(a, b)),
        "cv2.subtract": (module.saturate(x - y), cv2.subtract(a, b)),
        "cv2.multiply": (module.saturate(x * y), cv2.multiply(a, b)),
        "cv2.addWeighted": (
            module.saturate(x / 2 + y / 2),
            cv2.addWeighted(a, 0.5, b, 0.5, 0),
        ),
    }
    return {
        name: int(np.count_nonzero(one != other))
        for name, (one, other) in ours.items()
    }


def apart(module: ModuleType) -> int:
    wrong = misread(module) + unpacked(module)
    return wrong + sum(levels_apart(module).values())


def test_offset_finds_every_value_in_memory(proof) -> None:
    proof(
        ours="offset",
        reference="ctypes.string_at",
        case=f"{len(VIEWS)} views, 3 dtypes",
        differing=misread(index),
    )
    proof(
        ours="offset",
        reference="numpy.ravel_multi_index",
        case="packed",
        differing=unpacked(index),
    )
    assert misread(index) == unpacked(index) == 0


def test_levels_are_those_of_both_libraries(proof) -> None:
    for reference, differing in levels_apart(index).items():
        ours = "wrap" if reference.startswith("numpy") else "saturate"
        case = "65536 pairs"
        proof(ours=ours, reference=reference, case=case, differing=differing)
        assert differing == 0


MUTANTS = {
    "rows and columns swapped": (
        "zip(index, image.strides, strict=True)",
        "zip(index[1::-1] + index[2:], image.strides, strict=True)",
    ),
    "strides taken for counts of values": (
        "number * stride",
        "number * stride // image.itemsize",
    ),
    "strides that run backward made positive": (
        "number * stride",
        "number * abs(stride)",
    ),
    "channels forgotten": (
        "zip(index, image.strides",
        "zip(index[:2], image.strides[:2]",
    ),
    "wrap modulo 255": ("% 256", "% 255"),
    "saturation at 256": ("0, 255)", "0, 256)"),
    "no floor": (
        "np.clip(np.rint(values), 0, 255)",
        "np.minimum(np.rint(values), 255)",
    ),
    "truncated, not rounded": ("np.rint(values)", "np.trunc(values)"),
    "ties away from zero": ("np.rint(values)", "np.floor(values + 0.5)"),
}


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
@pytest.mark.parametrize("mutation", MUTANTS)
def test_the_comparison_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(index, *MUTANTS[mutation])
    try:
        wrong = apart(mutant)
    except ValueError:
        wrong = 1
    assert wrong


def test_weights_that_are_no_binary_fraction_round_by_the_float_type() -> None:
    a, b = (pair.astype(np.uint8) for pair in PAIRS)
    theirs = cv2.addWeighted(a, 0.3, b, 0.7, 0).astype(int)
    for kind in (np.float32, np.float64):
        total = kind(0.3) * a.astype(kind) + kind(0.7) * b.astype(kind)
        off = np.abs(index.saturate(total) - theirs)
        assert off.max() <= 1
        assert np.count_nonzero(off) < 0.02 * off.size


def test_region_is_the_box_that_opencv_means() -> None:
    canvas = np.zeros((40, 100), np.uint8)
    cv2.rectangle(canvas, (80, 10, 7, 5), 255, -1)  # x, y, width, height
    box = cv2.boundingRect(canvas)
    assert box == (80, 10, 7, 5)
    part = index.region(canvas, *box)
    assert part.shape == (5, 7) and part.min() == 255
    assert part.sum() == canvas.sum()


def test_region_is_a_view_and_drawing_on_it_reaches_the_image() -> None:
    image = np.zeros((60, 80, 3), np.uint8)
    part = index.region(image, 20, 10, 30, 40)
    assert np.shares_memory(image, part) and not part.flags.c_contiguous
    cv2.circle(part, (5, 5), 0, (1, 2, 3))
    assert image[15, 25].tolist() == [1, 2, 3]


def test_a_slice_beyond_the_edge_is_silent_and_region_is_not() -> None:
    image = np.zeros((60, 80, 3), np.uint8)
    assert image[50:70, 70:90].shape == (10, 10, 3)
    assert image[-5:10, 0:10].size == 0
    with pytest.raises(ValueError, match=r"box is \(70, 50, 20, 20\)"):
        index.region(image, 70, 50, 20, 20)
    with pytest.raises(ValueError, match="80 wide, 60 high"):
        index.region(image, 0, -5, 10, 15)


@pytest.mark.parametrize("width", [4, 5, 6, 7])
def test_a_bitmap_file_stores_blue_first_and_the_last_row_first(
    width: int,
) -> None:
    image = data.astronaut()[:3, :width, ::-1].copy()
    stored = cv2.imencode(".bmp", image)[1]
    start = int(stored[10:14].view("<u4")[0])
    row = (3 * width + 3) // 4 * 4  # rows end at a multiple of four bytes
    rows = stored[start:].reshape(3, row)[:, : 3 * width]
    assert rows.reshape(3, width, 3).tolist() == image[::-1].tolist()


@pytest.mark.parametrize(("count", "dtype"), [(4, float), (5, np.uint8)])
def test_up_to_four_numbers_in_a_row_are_a_scalar(
    count: int, dtype: type
) -> None:
    levels = np.full(count, 200, np.uint8)
    assert cv2.add(levels, 100).dtype == dtype
    assert cv2.add(levels[None], 100).dtype == np.uint8


def test_a_number_is_every_channel_in_some_functions_only() -> None:
    image = np.full((5, 7, 3), 100, np.uint8)
    for function in (cv2.add, cv2.subtract, cv2.multiply, cv2.absdiff):
        result = function(image, 30)
        assert (result == result[0, 0, 0]).all()
    for function in (cv2.max, cv2.bitwise_or, cv2.bitwise_xor):
        result = function(image, 130)
        assert (result[..., 0] != 100).all()
        assert (result[..., 1:] == 100).all()


def test_opencv_drops_a_channel_axis_of_length_one() -> None:
    image = np.zeros((4, 6, 1), np.uint8)
    assert cv2.GaussianBlur(image, (3, 3), 0).shape == (4, 6)
    assert cv2.resize(image, (12, 8)).shape == (8, 12)


@pytest.mark.parametrize("dtype", [bool, np.int64, np.float16])
def test_opencv_refuses_dtypes_that_numpy_likes(dtype: type) -> None:
    image = np.zeros((9, 9), dtype)
    for call in (
        lambda: cv2.GaussianBlur(image, (3, 3), 0),
        lambda: cv2.resize(image, (5, 5)),
    ):
        with pytest.raises(cv2.error):
            call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: index.offset(None, 0, 0), "image is NoneType"),
        (lambda: index.offset(np.zeros(5), 0), "image is (5,)"),
        (lambda: index.offset(np.zeros((0, 5)), 0, 0), "image is (0, 5)"),
        (lambda: index.offset(np.zeros((4, 5)), 0), "needs 2 numbers"),
        (lambda: index.offset(np.zeros((4, 5)), 4, 0), "index is (4, 0)"),
        (lambda: index.offset(np.zeros((4, 5)), 0, -1), "index is (0, -1)"),
        (lambda: index.region(np.zeros((4, 5)), 0, 0, 0, 1), "5 wide, 4 high"),
        (lambda: index.saturate(np.array([np.nan])), "NaN or infinity"),
        (lambda: index.saturate(np.array([np.inf])), "NaN or infinity"),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
