"""Modes, Otsu and the local threshold against OpenCV and scikit-image."""

from collections.abc import Callable
from types import ModuleType

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage import data, filters
from sklearn.datasets import load_sample_image

from examples.image_processing import thresholding
from tests.mutants import mutate

FLAGS = {
    "binary": cv2.THRESH_BINARY,
    "binary_inv": cv2.THRESH_BINARY_INV,
    "trunc": cv2.THRESH_TRUNC,
    "tozero": cv2.THRESH_TOZERO,
    "tozero_inv": cv2.THRESH_TOZERO_INV,
}
METHODS = {
    "mean": cv2.ADAPTIVE_THRESH_MEAN_C,
    "gaussian": cv2.ADAPTIVE_THRESH_GAUSSIAN_C,
}
GRAY = ("brick", "camera", "cell", "clock", "coins", "moon", "page", "text")
COLOR = ("astronaut", "coffee", "chelsea", "rocket")
TIE = 1e-4  # float32 sums stay this close to the exact local mean


def photographs() -> dict[str, np.ndarray]:
    images = {name: getattr(data, name)() for name in GRAY}
    colored = {name: getattr(data, name)() for name in COLOR}
    colored["china.jpg"] = load_sample_image("china.jpg")
    for name, image in colored.items():
        images[name] = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return images


def random_images(count: int) -> list[np.ndarray]:
    """Uniform noise, few levels and two bumps, in odd sizes."""
    rng = np.random.default_rng(0)
    made = []
    for _ in range(count):
        h, w = rng.integers(3, 40, 2)
        made.append(rng.integers(0, 256, (h, w), dtype=np.uint8))
        levels = rng.choice(256, 5, replace=False).astype(np.uint8)
        made.append(rng.choice(levels, (h, w)))
        center = rng.choice([60, 170], (h, w), p=[0.7, 0.3])
        noisy = np.clip(rng.normal(center, 20), 0, 255)
        made.append(noisy.astype(np.uint8))
    return made


@pytest.fixture(scope="module")
def images() -> dict[str, np.ndarray]:
    return photographs()


def modes_differing(m: ModuleType, image: np.ndarray) -> int:
    differing = 0
    for mode, flag in FLAGS.items():
        for t in (0, 1, 99.7, 127, 200, 254.5, 255):
            for maximum in (255, 1):
                _, theirs = cv2.threshold(image, t, maximum, flag)
                ours = m.threshold(image, t, maximum, mode)
                assert ours.dtype == theirs.dtype
                differing += int(np.count_nonzero(ours != theirs))
    return differing


def otsu_differing(m: ModuleType, image: np.ndarray) -> int:
    t = m.otsu(image)
    theirs, mask = cv2.threshold(image, 0, 255, cv2.THRESH_OTSU)
    pixels = np.count_nonzero(m.threshold(image, t) != mask)
    return int(t != theirs) + int(pixels)


def adaptive_differing(
    m: ModuleType, image: np.ndarray, block: int, c: float, method: str
) -> np.ndarray:
    theirs = cv2.adaptiveThreshold(
        image, 255, METHODS[method], cv2.THRESH_BINARY, block, c
    )
    return m.adaptive_threshold(image, block, c, method) != theirs


def test_modes_equal_opencv(
    images: dict[str, np.ndarray], proof: Callable[..., None]
) -> None:
    every_level = np.arange(256, dtype=np.uint8)[None]
    differing = modes_differing(thresholding, every_level)
    for image in images.values():
        differing += modes_differing(thresholding, image)
    assert differing == 0
    case = f"{len(images)} photographs, 5 modes, 7 t"
    proof(
        ours="threshold",
        reference="cv2.threshold",
        case=case,
        measure="pixels",
        difference=differing,
    )


def test_otsu_equals_opencv(
    images: dict[str, np.ndarray], proof: Callable[..., None]
) -> None:
    rng_images = random_images(100)
    several = [*images.values(), *rng_images]
    differing = sum(otsu_differing(thresholding, image) for image in several)
    assert differing == 0
    case = f"{len(images)} photographs, {len(rng_images)} random images"
    proof(
        ours="otsu",
        reference="cv2.threshold",
        case=case,
        measure="t and pixels",
        difference=differing,
    )


def test_otsu_equals_scikit_image(
    images: dict[str, np.ndarray], proof: Callable[..., None]
) -> None:
    differing = sum(
        thresholding.otsu(image) != filters.threshold_otsu(image)
        for image in images.values()
    )
    assert differing == 0
    proof(
        ours="otsu",
        reference="skimage.filters.threshold_otsu",
        case=f"{len(images)} photographs",
        measure="t",
        difference=int(differing),
    )


def test_between_class_variance_equals_the_definition(
    images: dict[str, np.ndarray], proof: Callable[..., None]
) -> None:
    """Total variance minus that within the classes, pixel by pixel."""
    worst = 0.0
    for name in ("coins", "page", "text"):
        x = images[name].ravel().astype(np.float64)
        ours = thresholding.between_class_variance(
            thresholding.histogram(images[name])
        )
        for t in range(256):
            low, high = x[x <= t], x[x > t]
            if min(low.size, high.size) == 0:
                assert ours[t] == 0
                continue
            within = (low.size * low.var() + high.size * high.var()) / x.size
            worst = max(worst, abs(ours[t] - (x.var() - within)) / x.var())
    assert worst < 1e-12
    proof(
        ours="between_class_variance",
        reference="numpy.var",
        case="3 photographs, every t",
        measure="relative error",
        difference=worst,
    )


def test_local_mean_equals_the_mean_of_the_block(
    images: dict[str, np.ndarray],
) -> None:
    image = images["page"]
    mean = thresholding.local_mean(image, thresholding.block_weights(7, "mean"))
    inside = image[20:27, 30:37].mean()
    assert mean[23, 33] == pytest.approx(inside, abs=1e-12)
    corner = np.pad(image, 3, mode="edge")[:7, :7].mean()
    assert mean[0, 0] == pytest.approx(corner, abs=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_adaptive_equals_opencv(
    images: dict[str, np.ndarray],
    proof: Callable[..., None],
    method: str,
) -> None:
    exact, near, pixels, blocks = 0, 0, 0, (3, 5, 7, 9, 11, 31, 51)
    some = [images[name] for name in ("camera", "coins", "page", "text")]
    for image in [*some, *random_images(5)]:
        for block in blocks:
            weights = thresholding.block_weights(block, method)
            mean = thresholding.local_mean(image, weights)
            from_tie = np.abs(mean - np.floor(mean) - 0.5)
            for c in (0, 7, -3, 2.5):
                wrong = adaptive_differing(
                    thresholding, image, block, c, method
                )
                if method == "mean" or block <= 9:
                    exact += int(np.count_nonzero(wrong))
                else:
                    near += int(np.count_nonzero(wrong))
                    pixels += wrong.size
                    assert (from_tie[wrong] < TIE).all()
    assert exact == 0
    kind = "every block" if method == "mean" else "blocks 3, 5, 7, 9"
    proof(
        ours="adaptive_threshold",
        reference="cv2.adaptiveThreshold",
        case=f"{method}, {kind}",
        measure="pixels",
        difference=exact,
    )
    if pixels:
        assert near / pixels < 1e-5
        proof(
            ours="adaptive_threshold",
            reference="cv2.adaptiveThreshold",
            case=f"{method}, blocks 11, 31, 51",
            measure="share of pixels",
            difference=near / pixels,
        )


def all_differences(m: ModuleType) -> int:
    image = data.page()
    differing = modes_differing(m, image[:40])
    differing += sum(otsu_differing(m, i) for i in [image, *random_images(3)])
    for method in METHODS:
        for block in (3, 5, 7, 9):
            wrong = adaptive_differing(m, image, block, 2.5, method)
            differing += int(np.count_nonzero(wrong))
        weights = thresholding.block_weights(31, method)
        mean = thresholding.local_mean(image, weights)
        sure = np.abs(mean - np.floor(mean) - 0.5) > TIE
        wrong = adaptive_differing(m, image, 31, 7, method)
        differing += int(np.count_nonzero(wrong & sure))
    return differing


MUTANTS = {
    "greater or equal": ("image > level, above", "image >= level, above"),
    "a fraction rounded up": ("math.floor(t)", "math.ceil(t)"),
    "truncates to the maximum": ("(level, image)", "(maximum, image)"),
    "to zero the other way round": ("(image, 0)", "(0, image)"),
    "the last of equal maxima": (
        "histogram(image)).argmax()",
        "histogram(image))[::-1].argmax() * -1 + 255",
    ),
    "class 0 without its own level": (
        "n0 = counts.cumsum()",
        "n0 = counts.cumsum() - counts",
    ),
    "between-class variance without the weights": (
        "out=variance, where=pairs > 0)",
        "out=variance, where=pairs > 0); variance /= pairs + 1",
    ),
    "one class size forgotten": (
        "(n0 * (n - n0))",
        "(n0 * n)",
    ),
    "mean not rounded": ("np.rint(mean) - c", "mean - c"),
    "halves rounded up": ("np.rint(mean)", "np.floor(mean + 0.5)"),
    "c added": ("np.rint(mean) - c", "np.rint(mean) + c"),
    "c taken off before rounding": ("np.rint(mean) - c", "np.rint(mean - c)"),
    "reflected border": ('mode="edge"', 'mode="reflect"'),
    "sigma of another rule": ("0.3 * (", "0.31 * ("),
    "short kernels from the formula": (
        "if block in SHORT_KERNELS",
        "if block in ()",
    ),
    "a short kernel mistyped": ("4, 13, 30, 51, 60", "4, 13, 30, 50, 62"),
}


def test_nothing_differs_without_a_mutation() -> None:
    assert all_differences(thresholding) == 0


@pytest.mark.parametrize("mutation", MUTANTS)
def test_comparison_notices_the_mutant(mutation: str) -> None:
    assert all_differences(mutate(thresholding, *MUTANTS[mutation])) > 0


@given(arrays(np.uint8, (5, 7)))
def test_otsu_is_two_means(image: np.ndarray) -> None:
    """No pixel lies nearer to the mean of the other class than to its own."""
    t = thresholding.otsu(image)
    dark, bright = image[image <= t], image[image > t]
    if dark.size and bright.size:
        middle = (dark.mean() + bright.mean()) / 2
        assert dark.max() <= middle + 1e-9
        assert bright.min() >= middle - 1e-9


@given(arrays(np.uint8, (5, 7), elements=st.integers(0, 120)))
def test_otsu_follows_brightness_and_contrast(image: np.ndarray) -> None:
    mask = thresholding.threshold(image, thresholding.otsu(image))
    other = 2 * image + 7
    moved = thresholding.threshold(other, thresholding.otsu(other))
    if image.min() < image.max():
        np.testing.assert_array_equal(moved, mask)


def test_otsu_does_not_see_where_pixels_are() -> None:
    image = data.page()
    shuffled = np.random.default_rng(0).permutation(image.ravel())
    assert thresholding.otsu(shuffled[None]) == thresholding.otsu(image)


def test_every_tied_level_is_as_good_and_opencv_takes_one() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        half = rng.integers(0, 256, (5, 7), dtype=np.uint8)
        image = np.concatenate([half, 255 - half])
        variance = thresholding.between_class_variance(
            thresholding.histogram(image)
        )
        best = np.flatnonzero(variance >= variance.max() * (1 - 1e-12))
        t, _ = cv2.threshold(image, 0, 255, cv2.THRESH_OTSU)
        assert t in best
        assert thresholding.otsu(image) == best[0]


def test_constant_image() -> None:
    image = np.full((4, 5), 77, np.uint8)
    t, _ = cv2.threshold(image, 0, 255, cv2.THRESH_OTSU)
    assert thresholding.otsu(image) == t == 0
    assert filters.threshold_otsu(image) == 77  # its own rule
    assert thresholding.separability(thresholding.histogram(image)) == 0


def test_scikit_image_on_floats_returns_a_bin_center() -> None:
    image = data.camera()
    unit = image / 255
    t = filters.threshold_otsu(unit)
    assert t * 255 != thresholding.otsu(image)
    assert 102 < t * 255 < 103
    np.testing.assert_array_equal(unit > t, image > thresholding.otsu(image))


def test_triangle_of_the_two_libraries_is_one_apart(
    images: dict[str, np.ndarray],
) -> None:
    for image in images.values():
        t, _ = cv2.threshold(image, 0, 255, cv2.THRESH_TRIANGLE)
        assert abs(t - filters.threshold_triangle(image)) == 1


@pytest.mark.parametrize(("c", "doubled"), [(2, False), (2.5, True)])
def test_opencv_inverse_is_no_complement_when_c_has_a_fraction(
    c: float, doubled: bool
) -> None:
    image, kind = data.camera(), cv2.ADAPTIVE_THRESH_MEAN_C
    white, black = (
        cv2.adaptiveThreshold(image, 255, kind, flag, 11, c)
        for flag in (cv2.THRESH_BINARY, cv2.THRESH_BINARY_INV)
    )
    assert bool(((white > 0) & (black > 0)).any()) == doubled
    assert ((white > 0) | (black > 0)).all()


def test_short_kernels_are_those_of_opencv() -> None:
    for block in (3, 5, 7, 9, 11, 31):
        np.testing.assert_allclose(
            thresholding.block_weights(block, "gaussian"),
            cv2.getGaussianKernel(block, 0).ravel(),
            rtol=0,
            atol=1e-15,
        )


def test_what_opencv_takes_silently_and_what_it_refuses() -> None:
    image = data.camera()
    unit = image.astype(np.float32) / 255
    for t, value in ((-1, 255), (256, 0)):
        _, mask = cv2.threshold(image, t, 255, cv2.THRESH_BINARY)
        assert (mask == value).all()
    _, mask = cv2.threshold(unit, 127, 255, cv2.THRESH_BINARY)
    assert not mask.any()
    _, mask = cv2.threshold(unit, 0.5, 255, cv2.THRESH_BINARY)
    np.testing.assert_array_equal(mask > 0, image > 127)
    kind, flag = cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY
    for wrong in (unit, data.coffee()):
        with pytest.raises(cv2.error):
            cv2.threshold(wrong, 0, 255, cv2.THRESH_OTSU)
        with pytest.raises(cv2.error):
            cv2.adaptiveThreshold(wrong, 255, kind, flag, 11, 2)
    for block in (1, 10):
        with pytest.raises(cv2.error):
            cv2.adaptiveThreshold(image, 255, kind, flag, block, 2)


def test_opencv_takes_white_for_the_object() -> None:
    paper = np.full((40, 60), 255, np.uint8)
    paper[10:20, 10:20] = paper[25:35, 30:50] = 0
    whole, _ = cv2.findContours(
        paper, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    assert [cv2.boundingRect(c) for c in whole] == [(0, 0, 60, 40)]
    parts, _ = cv2.findContours(
        255 - paper, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    assert len(parts) == 2
    eroded = cv2.erode(paper, np.ones((3, 3), np.uint8))
    assert (eroded == 0).sum() > (paper == 0).sum()


IMAGE = np.zeros((6, 6), np.uint8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.threshold(IMAGE / 255, 0.5), "image is float64"),
        (lambda m: m.otsu(IMAGE.astype(np.float32)), "must be uint8"),
        (lambda m: m.otsu(data.coffee()), r"image is \(400, 600, 3\)"),
        (lambda m: m.otsu(IMAGE[:0]), r"image is \(0, 6\)"),
        (lambda m: m.adaptive_threshold(IMAGE[0], 3, 0), r"gray, \(h, w\)"),
        (lambda m: m.threshold(IMAGE, 256), "t is 256"),
        (lambda m: m.threshold(IMAGE, -1), "t is -1"),
        (lambda m: m.threshold(IMAGE, float("nan")), "t is nan"),
        (lambda m: m.threshold(IMAGE, 9, 300), "maximum is 300"),
        (lambda m: m.threshold(IMAGE, 9, mode="otsu"), "mode is 'otsu'"),
        (lambda m: m.adaptive_threshold(IMAGE, 4, 0), "block is 4"),
        (lambda m: m.adaptive_threshold(IMAGE, 1, 0), "block is 1"),
        (lambda m: m.adaptive_threshold(IMAGE, -3, 0), "block is -3"),
        (
            lambda m: m.adaptive_threshold(IMAGE, 3, 0, "median"),
            "method is 'median'",
        ),
    ],
)
def test_bad_input_is_named(
    call: Callable[[ModuleType], object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        call(thresholding)
