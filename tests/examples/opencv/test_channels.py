"""Channels against OpenCV for every color, scikit-image and colorsys."""

import colorsys
from collections.abc import Callable, Iterator
from types import ModuleType

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage import color, data

from examples.opencv import channels
from tests.mutants import mutate

CODES = {
    "bgr_to_gray": cv2.COLOR_BGR2GRAY,
    "bgr_to_ycrcb": cv2.COLOR_BGR2YCrCb,
    "bgr_to_hsv": cv2.COLOR_BGR2HSV,
}


def every_color() -> Iterator[np.ndarray]:
    """All 2^24 of them, in 16 images."""
    for part in range(16):
        n = np.arange(part << 20, (part + 1) << 20, dtype=np.uint32)
        bgr = np.stack([n >> 16, n >> 8 & 255, n & 255], axis=1)
        yield bgr.astype(np.uint8).reshape(1024, 1024, 3)


def some_colors() -> np.ndarray:
    """All grays, all edges of the cube and 200 thousand others."""
    v = np.arange(256)
    edges = [np.stack([v, v, v], axis=1)]
    for axis in range(3):
        for low in (0, 255):
            for high in (0, 255):
                edge = np.insert(np.full((256, 2), (low, high)), axis, v, 1)
                edges.append(edge)
    random = np.random.default_rng(0).integers(0, 256, (200_000, 3))
    return np.concatenate([*edges, random]).astype(np.uint8)[None]


def differing(m: ModuleType, image: np.ndarray, name: str) -> int:
    theirs = cv2.cvtColor(image, CODES[name])
    ours = getattr(m, name)(image)
    assert ours.dtype == theirs.dtype
    return int(np.count_nonzero(ours != theirs))


@pytest.mark.parametrize("name", CODES)
def test_every_color_equals_opencv(
    name: str, proof: Callable[..., None]
) -> None:
    wrong = sum(differing(channels, image, name) for image in every_color())
    assert wrong == 0
    proof(
        ours=name,
        reference="cv2.cvtColor",
        case=f"all {2**24:,} colors",
        difference=wrong,
    )


def hsv_error(m: ModuleType, bgr: np.ndarray) -> float:
    theirs = color.rgb2hsv(bgr[:, :, ::-1]) * [360, 1, 1]
    return float(np.abs(m.hsv_formula(bgr) - theirs).max())


def test_hsv_formula_equals_scikit_image(
    proof: Callable[..., None],
) -> None:
    bgr = np.random.default_rng(0).random((200, 300, 3))
    error = max(
        hsv_error(channels, bgr), hsv_error(channels, some_colors() / 255)
    )
    assert error < 1e-12 * 360
    proof(
        ours="hsv_formula",
        reference="skimage.color.rgb2hsv",
        case="260 thousand colors, float64",
        difference=error,
    )


def test_hsv_formula_equals_colorsys(proof: Callable[..., None]) -> None:
    bgr = some_colors()[:, ::97] / 255
    ours = channels.hsv_formula(bgr)[0]
    theirs = np.array([colorsys.rgb_to_hsv(*c[::-1]) for c in bgr[0]])
    error = float(np.abs(ours - theirs * [360, 1, 1]).max())
    assert error < 1e-12 * 360
    proof(
        ours="hsv_formula",
        reference="colorsys.rgb_to_hsv",
        case=f"{len(theirs):,} colors, one by one",
        difference=error,
    )


def test_split_and_merge_equal_opencv(proof: Callable[..., None]) -> None:
    wrong = 0
    gray = data.camera()
    for image in (data.coffee(), np.dstack([gray] * 4), gray[:, :, None]):
        ours, theirs = channels.split_channels(image), cv2.split(image)
        for a, b in zip(ours, theirs, strict=True):
            assert a.flags.c_contiguous
            assert not np.shares_memory(a, image)
            wrong += np.count_nonzero(a != b)
        merged = channels.merge_channels(ours)
        theirs = cv2.merge(theirs).reshape(image.shape)
        wrong += np.count_nonzero(merged != theirs)
        wrong += np.count_nonzero(merged != image)
    assert wrong == 0
    for ours, reference in (
        ("split_channels", "cv2.split"),
        ("merge_channels", "cv2.merge"),
    ):
        proof(
            ours=ours,
            reference=reference,
            case="1, 3 and 4 channels",
            difference=int(wrong),
        )


def test_mask_equals_opencv(proof: Callable[..., None]) -> None:
    hsv = channels.bgr_to_hsv(data.coffee()[:, :, ::-1])
    low, high = (5, 100, 40), (20, 250, 255)
    wrong = np.count_nonzero(
        channels.color_mask(hsv, low, high) != cv2.inRange(hsv, low, high)
    )
    low, high = (172, 100, 40), (8, 250, 255)
    two = cv2.inRange(hsv, low, (179, 250, 255))
    two = cv2.bitwise_or(two, cv2.inRange(hsv, (0, 100, 40), high))
    wrong += np.count_nonzero(channels.color_mask(hsv, low, high) != two)
    assert wrong == 0
    proof(
        ours="color_mask",
        reference="cv2.inRange",
        case="a range of hues within, one over 0",
        difference=int(wrong),
    )


def all_differences(m: ModuleType) -> float:
    image = some_colors()
    wrong = sum(differing(m, image, name) for name in CODES)
    error = hsv_error(m, image / 255) > 1e-9
    photo = data.coffee()
    planes = m.split_channels(photo)
    split = sum(
        np.count_nonzero(a != b)
        for a, b in zip(planes, cv2.split(photo), strict=True)
    )
    merged = m.merge_channels(planes)
    same = merged.shape == photo.shape and np.array_equal(merged, photo)
    hsv = cv2.cvtColor(some_colors(), cv2.COLOR_BGR2HSV)
    for low, high in (
        ((5, 100, 40), (20, 250, 200)),
        ((170, 9, 9), (8, 99, 99)),
    ):
        parts = [(low, high)]
        if low[0] > high[0]:
            parts = [(low, (179, *high[1:])), ((0, *low[1:]), high)]
        theirs = sum(cv2.inRange(hsv, *part) // 255 for part in parts)
        wrong += np.count_nonzero(m.color_mask(hsv, low, high) != 255 * theirs)
    circle = abs(m.mean_hue(np.array([170, 179, 8])) - 179) > 1e-9
    return wrong + error + split + (not same) + circle


MUTANTS = {
    "gray weights of 14 bits": (
        "GRAY = (3735, 19235, 9798)",
        "GRAY = (3736, 19234, 9798)",
    ),
    "gray weights exchanged": (
        "GRAY = (3735, 19235, 9798)",
        "GRAY = (9798, 19235, 3735)",
    ),
    "YCrCb with the luma of gray": (
        "descale(weighted(image, LUMA), 14)",
        "descale(weighted(image, GRAY), 15)",
    ),
    "halves down": ("(1 << (bits - 1))", "(1 << (bits - 1)) - 1"),
    "no rounding": ("(x + (1 << (bits - 1))) >> bits", "x >> bits"),
    "the ideal factor of Cb": ("11682, 9241", "11682, 9247"),
    "Cb before Cr": ("np.stack([y, cr, cb]", "np.stack([y, cb, cr]"),
    "no clipping": (".clip(0, 255).astype", ".astype"),
    "green and blue sectors exchanged": ("r - g + 4 *", "r - g - 2 *"),
    "hue in full degrees": ("reciprocals(30)", "reciprocals(60)"),
    "saturation by the chroma table": (
        "chroma * reciprocals(255)[v]",
        "chroma * reciprocals(255)[chroma]",
    ),
    "reciprocals truncated": ("np.rint(numerator", "np.floor(numerator"),
    "hue not brought above 0": ("h + 180, h)", "h + 179, h)"),
    "modulo forgotten": ("% 360", ""),
    "wrap by and": ("else above | below", "else above & below"),
    "upper bound excluded": ("h <= high[0]", "h < high[0]"),
    "arithmetic mean of hues": (
        "return float(mean * turn / (2 * np.pi) % turn)",
        "return float(h.mean())",
    ),
    "channels stacked in front": (
        "stack(planes, axis=2)",
        "stack(planes, axis=0)",
    ),
    "last channel left out": ("range(image.shape[2])", "(0, 1, 1)"),
}


def test_nothing_differs_without_a_mutation() -> None:
    assert all_differences(channels) == 0


@pytest.mark.parametrize("mutation", MUTANTS)
def test_comparison_notices_the_mutant(mutation: str) -> None:
    assert all_differences(mutate(channels, *MUTANTS[mutation])) > 0


@given(arrays(np.uint8, (3, 4, 3)), st.sampled_from([0.5, 0.25, 0.1]))
def test_hue_and_saturation_ignore_a_common_factor(
    image: np.ndarray, factor: float
) -> None:
    bgr = image / 255
    full = channels.hsv_formula(bgr)
    dim = channels.hsv_formula(factor * bgr)
    np.testing.assert_allclose(dim[:, :, 1], full[:, :, 1], atol=1e-12)
    np.testing.assert_allclose(dim[:, :, 2], factor * full[:, :, 2])
    turn = np.abs(dim[:, :, 0] - full[:, :, 0])
    assert np.minimum(turn, 360 - turn).max() < 1e-9


def test_a_power_law_keeps_hue_only_for_factors() -> None:
    """gamma(k x) = gamma(k) gamma(x), so the coded values scale alike."""
    x = np.random.default_rng(0).random((20, 20, 3))
    coded, dim = x ** (1 / 2.2), (x / 8) ** (1 / 2.2)
    np.testing.assert_allclose(
        channels.hsv_formula(dim)[:, :, :2],
        channels.hsv_formula(coded)[:, :, :2],
        rtol=1e-9,
    )


def test_a_chroma_of_c_knows_six_c_hues() -> None:
    for chroma in (1, 2, 5, 16):
        hues = set()
        for top in range(3):
            for low in range(3):
                if low == top:
                    continue
                middle = 3 - top - low
                for value in range(chroma + 1):
                    bgr = np.full((1, 1, 3), 100.0)
                    bgr[0, 0, top] = 100 + chroma
                    bgr[0, 0, middle] = 100 + value
                    hues.add(round(channels.hsv_formula(bgr)[0, 0, 0], 9))
        assert len(hues) == 6 * chroma
        steps = np.diff(sorted(hues))
        np.testing.assert_allclose(steps, 60 / chroma)


def test_gray_has_no_hue_and_neutral_chroma() -> None:
    grays = np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(1, 256, 3)
    np.testing.assert_array_equal(channels.bgr_to_gray(grays), grays[:, :, 0])
    hsv = channels.bgr_to_hsv(grays)
    assert hsv[:, :, :2].max() == 0
    assert (channels.bgr_to_ycrcb(grays)[:, :, 1:] == 128).all()


def test_two_lumas_differ_by_one_level_for_few_colors() -> None:
    wrong, rounded = 0, 0
    for image in every_color():
        gray = channels.bgr_to_gray(image).astype(int)
        exact = 114 * image[:, :, 0].astype(int)
        exact += 587 * image[:, :, 1].astype(int)
        exact += 299 * image[:, :, 2].astype(int)
        rounded += np.count_nonzero((exact + 500) // 1000 != gray)
        luma = cv2.cvtColor(image, cv2.COLOR_BGR2YCrCb)[:, :, 0]
        gap = np.abs(gray - luma)
        assert gap.max() <= 1
        wrong += np.count_nonzero(gap)
    assert 0.002 < wrong / 2**24 < 0.003
    assert 0.0005 < rounded / 2**24 < 0.0015


def test_opencv_loses_colors_there_and_back() -> None:
    image = some_colors()
    for name, most in (("YCrCb", 1), ("HSV", 8), ("LAB", 30)):
        there = cv2.cvtColor(image, getattr(cv2, f"COLOR_BGR2{name}"))
        back = cv2.cvtColor(there, getattr(cv2, f"COLOR_{name}2BGR"))
        gap = np.abs(back.astype(int) - image)
        assert 0 < gap.max() <= most


def test_scikit_image_weighs_gray_otherwise() -> None:
    photo = data.astronaut()
    theirs = color.rgb2gray(photo)
    bt709 = (photo / 255) @ [0.2125, 0.7154, 0.0721]
    np.testing.assert_allclose(theirs, bt709, atol=1e-12)


def test_a_slice_costs_nothing() -> None:
    image = data.astronaut()
    view = image[:, :, 1]
    assert np.shares_memory(view, image)
    assert not view.flags.c_contiguous
    blurred = cv2.blur(view, (3, 3))  # reading from a slice is fine
    np.testing.assert_array_equal(blurred, cv2.blur(view.copy(), (3, 3)))
    with pytest.raises(cv2.error, match="incompatible"):
        cv2.circle(view, (5, 5), 3, 255)


def test_hue_does_not_average() -> None:
    assert channels.mean_hue(np.array([350, 10]), 360) % 360 == pytest.approx(
        0, abs=1e-9
    )
    assert channels.mean_hue(np.array([40, 60])) == pytest.approx(50)


IMAGE = np.zeros((4, 5, 3), np.uint8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.bgr_to_gray(IMAGE / 255), "image is float64"),
        (lambda m: m.bgr_to_hsv(IMAGE[:, :, 0]), r"image is \(4, 5\)"),
        (lambda m: m.bgr_to_ycrcb(np.dstack([IMAGE, IMAGE])), r"\(4, 5, 6\)"),
        (lambda m: m.bgr_to_hsv(IMAGE[:0]), r"image is \(0, 5, 3\)"),
        (lambda m: m.split_channels(IMAGE[:, :, 0]), r"must be \(h, w, c\)"),
        (lambda m: m.merge_channels([]), r"planes are \[\]"),
        (
            lambda m: m.merge_channels([IMAGE[:, :, 0], IMAGE[:2, :, 0]]),
            r"one \(h, w\) needed",
        ),
        (
            lambda m: m.merge_channels([IMAGE[:, :, 0], IMAGE[:, :, 0] / 2]),
            "float64",
        ),
        (lambda m: m.merge_channels([IMAGE]), r"\(4, 5, 3\)"),
        (
            lambda m: m.color_mask(IMAGE, (0, 200, 0), (9, 100, 255)),
            "only H may wrap",
        ),
    ],
)
def test_bad_input_is_named(
    call: Callable[[ModuleType], object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        call(channels)
