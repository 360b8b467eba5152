"""Linear filters against OpenCV, SciPy and scikit-image, pixel by pixel."""

from types import ModuleType

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from skimage import data, filters

from examples.image_processing import filtering
from tests.mutants import mutate

FLAGS = {
    "constant": cv2.BORDER_CONSTANT,
    "replicate": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT,
    "reflect_101": cv2.BORDER_REFLECT_101,
    "wrap": cv2.BORDER_WRAP,
}
SCIPY = {
    "constant": "constant",
    "replicate": "nearest",
    "reflect": "reflect",
    "reflect_101": "mirror",
    "wrap": "wrap",
}
RNG = np.random.default_rng(7)
KERNELS = [
    RNG.integers(-9, 10, shape)
    for shape in ((1, 1), (3, 3), (1, 5), (5, 1), (3, 7), (5, 5), (7, 7))
]


def photographs() -> list[np.ndarray]:
    """Gray and color, odd sizes, one only two rows high."""
    camera, coffee = data.camera(), data.coffee()
    return [camera[:200, :301], coffee[99:200, 40:171], camera[250:252, 9:60]]


def cv2_filter(
    image: np.ndarray, kernel: np.ndarray, border: str, depth: int
) -> np.ndarray:
    """cv2.filter2D; it refuses BORDER_WRAP, so that one is extended first."""
    if border != "wrap":
        return cv2.filter2D(
            image, depth, kernel.astype(float), borderType=FLAGS[border]
        )
    p, q = kernel.shape[0] // 2, kernel.shape[1] // 2
    wide = cv2.copyMakeBorder(image, p, p, q, q, cv2.BORDER_WRAP)
    h, w = image.shape[:2]
    y = cv2.filter2D(wide, depth, kernel.astype(float))
    return y[p : p + h, q : q + w]


def linear_differences(module: ModuleType) -> dict[str, int]:
    """Pixels that differ from OpenCV, over images, kernels and borders."""
    found = {"extend": 0, "float64": 0, "uint8": 0, "box": 0}
    for image in photographs():
        for border, flag in FLAGS.items():
            ours = module.extend(image, 5, 7, border)
            theirs = cv2.copyMakeBorder(image, 5, 5, 7, 7, flag)
            found["extend"] += int((ours != theirs).sum())
            for kernel in KERNELS:
                y = module.correlate(image, kernel, border)
                exact = cv2_filter(image, kernel, border, cv2.CV_64F)
                bytes_ = cv2_filter(image, kernel, border, -1)
                found["float64"] += int((y != exact).sum())
                found["uint8"] += int((module.to_uint8(y) != bytes_).sum())
            if border != "wrap":  # cv2.blur refuses it too
                for size in (1, 3, 5, 9):
                    mean = module.to_uint8(module.box(image, size, border))
                    blur = cv2.blur(image, (size, size), borderType=flag)
                    found["box"] += int((mean != blur).sum())
    return found


def gauss_errors(module: ModuleType) -> dict[str, float]:
    found = {"kernel": 0.0, "rule": 0.0, "cv2": 0.0, "scipy": 0.0}

    def note(name: str, a: object, b: object) -> None:
        gap = float(np.abs(np.subtract(a, b)).max())
        found[name] = max(found[name], gap)

    for size in range(11, 40, 2):  # smaller ones come from a table in OpenCV
        rule = module.gaussian_kernel(size, module.sigma_from_size(size))
        note("rule", rule, cv2.getGaussianKernel(size, 0)[:, 0])
    for size, sigma in ((1, 0.5), (3, 0.8), (5, 1.1), (9, 2.0), (31, 5.0)):
        g = module.gaussian_kernel(size, sigma)
        note("kernel", g, cv2.getGaussianKernel(size, sigma)[:, 0])
        for image in photographs():
            x = image / 255
            for border, flag in FLAGS.items():
                y = module.separable(x, g, g, border)
                axes = (size // 2, size // 2, 0)[: image.ndim]
                theirs = ndimage.gaussian_filter(
                    x,
                    (sigma, sigma, 0)[: image.ndim],
                    mode=SCIPY[border],
                    radius=axes,
                )
                note("scipy", y, theirs)
                if border != "wrap":
                    blurred = cv2.GaussianBlur(
                        x, (size, size), sigma, borderType=flag
                    )
                    note("cv2", y, blurred)
    return found


def test_borders_correlation_and_box_equal_opencv(proof) -> None:
    found = linear_differences(filtering)
    assert found == dict.fromkeys(found, 0)
    proof(
        ours="extend",
        reference="cv2.copyMakeBorder",
        case="5 borders, 3 images",
        differing=found["extend"],
    )
    for kind in ("uint8", "float64"):
        proof(
            ours="correlate",
            reference="cv2.filter2D",
            case=f"{kind}, 5 borders, {len(KERNELS)} integer kernels",
            differing=found[kind],
        )
    proof(
        ours="box",
        reference="cv2.blur",
        case="uint8, 4 borders, 4 sizes",
        differing=found["box"],
    )


def test_correlation_equals_scipy(proof) -> None:
    worst = 0.0
    for image in photographs():
        x = image[..., 0] / 255 if image.ndim == 3 else image / 255
        for border, mode in SCIPY.items():
            for kernel in KERNELS:
                k = kernel / 9
                theirs = ndimage.correlate(x, k, mode=mode)
                gap = filtering.correlate(x, k, border) - theirs
                worst = max(worst, float(np.abs(gap).max()))
                flipped = ndimage.convolve(x, k, mode=mode)
                gap = filtering.convolve(x, k, border) - flipped
                worst = max(worst, float(np.abs(gap).max()))
    assert worst < 1e-12
    proof(
        ours="correlate",
        reference="scipy.ndimage.correlate",
        case="float64, 5 borders",
        error=worst,
    )


def test_gaussian_equals_opencv_and_scipy(proof) -> None:
    found = gauss_errors(filtering)
    assert max(found.values()) < 1e-12, found
    proof(
        ours="gaussian_kernel",
        reference="cv2.getGaussianKernel",
        case="15 sizes by the rule, 5 sigmas",
        error=max(found["kernel"], found["rule"]),
    )
    for name, reference in (
        ("cv2", "cv2.GaussianBlur"),
        ("scipy", "scipy.ndimage.gaussian_filter"),
    ):
        proof(
            ours="separable",
            reference=reference,
            case=f"float64, {4 if name == 'cv2' else 5} borders",
            error=found[name],
        )


def test_gaussian_equals_skimage() -> None:
    x = data.camera() / 255
    g = filtering.gaussian_kernel(13, 2)
    theirs = filters.gaussian(x, 2, mode="mirror", truncate=3)
    np.testing.assert_allclose(
        filtering.separable(x, g, g), theirs, rtol=0, atol=1e-12
    )


def test_bytes_of_gaussian_blur_are_at_most_one_level_off(proof) -> None:
    off, pixels = 0, 0
    for image in (data.camera(), data.coffee()):
        for size, sigma in ((5, 1.0), (13, 2.0), (31, 5.0)):
            g = filtering.gaussian_kernel(size, sigma)
            exact = filtering.to_uint8(filtering.separable(image, g, g))
            theirs = cv2.GaussianBlur(image, (size, size), sigma)
            gap = np.abs(exact.astype(int) - theirs)
            assert gap.max() <= 1
            off, pixels = off + int((gap == 1).sum()), pixels + gap.size
    assert off / pixels < 0.05
    proof(
        ours="separable",
        reference="cv2.GaussianBlur",
        case="uint8, 2 images, 3 sizes",
        one_off=off / pixels,
    )


@pytest.mark.parametrize("size", [3, 5, 7, 9])
def test_small_opencv_kernels_without_sigma_are_a_table(size: int) -> None:
    ours = filtering.gaussian_kernel(size, filtering.sigma_from_size(size))
    theirs = cv2.getGaussianKernel(size, 0)[:, 0]
    assert np.abs(ours - theirs).max() > 1e-3
    assert np.array_equal(theirs * 256, np.rint(theirs * 256))


@pytest.mark.parametrize("sigma", [0.8, 1.0, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("kind", ["uint8", "float32", "float64"])
def test_size_follows_sigma(sigma: float, kind: str) -> None:
    image = data.camera()[:99, :99].astype(kind)
    reach = 3 if kind == "uint8" else 4
    size = round(2 * reach * sigma + 1) | 1
    assert np.array_equal(
        cv2.GaussianBlur(image, (0, 0), sigma),
        cv2.GaussianBlur(image, (size, size), sigma),
    )


MUTANTS = {
    "reflect repeats nothing": ("2 * n - 1 - i)", "2 * n - 2 - i)"),
    "reflect_101 repeats the edge": ("2 * n - 2 - i)", "2 * n - 1 - i)"),
    "replicate one pixel early": (
        "np.clip(i, 0, n - 1)",
        "np.clip(i, 1, n - 1)",
    ),
    "wrap by one less": ("return i % n\n", "return i % (n - 1)\n"),
    "constant is the last pixel": ("extended[i < 0] = 0", "pass"),
    "columns keep the last pixel": ("extended[:, j < 0] = 0", "pass"),
    "kernel flipped": ("y += kernel[m, n]", "y += kernel[kh-1-m, kw-1-n]"),
    "kernel transposed": ("x[m : m + h, n : n + w]", "x[n:n+h, m:m+w]"),
    "bytes wrap instead of clipping": (".clip(0, 255)", ""),
    "bytes cut instead of rounded": ("np.rint(y)", "np.floor(y)"),
    "box one row short": ("total[size:] - total[:-size]", "total[1:]"),
    "box not divided by both sizes": ("both / size**2", "both / size"),
}


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("mutation", MUTANTS)
def test_comparison_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(filtering, *MUTANTS[mutation])
    try:
        found = linear_differences(mutant)
    except (IndexError, ValueError):
        return
    assert any(found.values())


GAUSS_MUTANTS = {
    "variance for sigma": ("2 * sigma**2", "2 * sigma"),
    "half of a pixel aside": ("- size // 2\n    w", "- size / 2\n    w"),
    "not normalized": ("weights / weights.sum()", "weights"),
    "rule without its offset": (" + 0.8", " + 0.79"),
    "rule of another slope": ("0.3 * ((", "0.3001 * (("),
    "rows only": ("across, column[:, np.newaxis]", "across, np.ones((1, 1))"),
    "another border in the second pass": (
        "across, column[:, np.newaxis], border",
        "across, column[:, np.newaxis]",
    ),
}


@pytest.mark.parametrize("mutation", GAUSS_MUTANTS)
def test_gauss_comparison_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(filtering, *GAUSS_MUTANTS[mutation])
    assert max(gauss_errors(mutant).values()) > 1e-5


@given(st.data())
def test_two_passes_equal_the_outer_product(draw: st.DataObject) -> None:
    seed = draw.draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    h, w, p, q = rng.integers(1, 8, 4)
    image = rng.normal(size=(h, w))
    column, row = rng.normal(size=2 * p + 1), rng.normal(size=2 * q + 1)
    border = draw.draw(st.sampled_from(filtering.BORDERS))
    whole = filtering.correlate(image, np.outer(column, row), border)
    parts = filtering.separable(image, column, row, border)
    np.testing.assert_allclose(parts, whole, rtol=0, atol=1e-12)


def test_only_kernels_of_rank_one_are_separable() -> None:
    g = filtering.gaussian_kernel(5, 1.1)
    sobel = np.outer([1, 2, 1], [-1, 0, 1])
    laplacian = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
    ranks = map(np.linalg.matrix_rank, (np.outer(g, g), sobel, laplacian))
    assert list(ranks) == [1, 1, 2]


def test_convolution_is_associative_and_correlation_is_not() -> None:
    rng = np.random.default_rng(0)
    x, a, b = (
        np.zeros((15, 15)),
        rng.normal(size=(3, 3)),
        rng.normal(size=(3, 3)),
    )
    x[4:11, 4:11] = rng.normal(size=(7, 7))
    small = np.pad(a, 2)
    for operate, holds in (
        (filtering.convolve, True),
        (filtering.correlate, False),
    ):
        step = operate(operate(x, a, "constant"), b, "constant")
        joined = operate(x, operate(small, b, "constant"), "constant")
        assert np.allclose(step, joined) == holds


def test_running_sums_equal_the_kernel_of_ones() -> None:
    image = data.coffee()[:60, :61]
    for border in filtering.BORDERS:
        ones = filtering.correlate(image, np.full((7, 7), 1 / 49), border)
        np.testing.assert_allclose(
            filtering.box(image, 7, border), ones, rtol=0, atol=1e-11
        )


def test_large_kernels_go_through_a_fourier_transform_in_opencv() -> None:
    """From 11 x 11 at the latest OpenCV's floats are no longer exact."""
    image = data.camera()[:100, :100]
    kernel = np.random.default_rng(0).integers(-9, 10, (13, 13))
    ours = filtering.correlate(image, kernel)
    theirs = cv2.filter2D(image, cv2.CV_64F, kernel.astype(float))
    assert np.array_equal(ours, np.rint(ours))
    assert 0 < np.abs(ours - theirs).max() < 1e-9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: filtering.box(x, 4), "size is 4: it must be odd"),
        (lambda x: filtering.box(x[0], 3), r"image has shape \(20,\)"),
        (lambda x: filtering.box(x[:0], 3), "not empty"),
        (lambda x: filtering.box(x, -3), "size is -3"),
        (lambda x: filtering.correlate(x, np.ones(3)), "kernel has shape"),
        (lambda x: filtering.correlate(x, np.ones((3, 2))), "size is 2"),
        (
            lambda x: filtering.correlate(x, np.ones((3, 3)), "mirror"),
            "border is 'mirror': it must be one of",
        ),
        (lambda x: filtering.gaussian_kernel(5, 0), "sigma is 0"),
        (lambda x: filtering.gaussian_kernel(6, 1), "size is 6"),
    ],
)
def test_bad_input_is_named(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(np.zeros((20, 20)))


NUMPY = {
    "constant": "constant",
    "replicate": "edge",
    "reflect": "symmetric",
    "reflect_101": "reflect",
    "wrap": "wrap",
}


@pytest.mark.parametrize("border", NUMPY)
def test_borders_have_other_names_in_numpy(border: str) -> None:
    image = data.camera()[:6, :7]
    assert np.array_equal(
        filtering.extend(image, 9, 8, border),
        np.pad(image, ((9, 9), (8, 8)), NUMPY[border]),
    )


def test_opencv_refuses_to_filter_with_wrap() -> None:
    image = data.camera()[:20, :20]
    with pytest.raises(cv2.error):
        cv2.filter2D(image, -1, np.eye(3), borderType=cv2.BORDER_WRAP)


def test_black_border_darkens_the_rim_by_what_is_missing() -> None:
    flat = np.full((20, 20), 100.0)
    y = filtering.box(flat, 5, "constant")
    assert y[10, 10] == pytest.approx(100)
    assert y[0, 10] == pytest.approx(60)
    assert y[0, 0] == pytest.approx(36)
    for border in ("replicate", "reflect", "reflect_101", "wrap"):
        assert filtering.box(flat, 5, border) == pytest.approx(flat)
