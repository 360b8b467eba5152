"""Sobel, Scharr and Laplacian equal OpenCV's; LoG equals its definition."""

from collections.abc import Callable
from types import ModuleType

import cv2
import numpy as np
import pytest
import scipy.ndimage
from skimage import data

from examples.image_processing import edges_derivatives as derivatives
from tests.mutants import mutate

BORDERS = {"reflect": cv2.BORDER_REFLECT_101, "edge": cv2.BORDER_REPLICATE}
PHOTOGRAPHS = ("brick", "camera", "coins", "moon", "page")


def sobel_off(module: ModuleType, size: int) -> int:
    differing = 0
    for name in PHOTOGRAPHS:
        gray = getattr(data, name)()
        for border, code in BORDERS.items():
            gx, gy = module.sobel(gray, size, border)
            deep = cv2.CV_16S if size == 3 else cv2.CV_32F
            for ours, dx, dy in ((gx, 1, 0), (gy, 0, 1)):
                theirs = cv2.Sobel(
                    gray, deep, dx, dy, ksize=size, borderType=code
                )
                differing += int((ours != theirs).sum())
    return differing


@pytest.mark.parametrize("size", [3, 5, 7])
def test_sobel_equals_opencv(size: int, proof: Callable[..., None]) -> None:
    differing = sobel_off(derivatives, size)
    assert differing == 0
    proof(
        ours="sobel",
        reference="cv2.Sobel",
        kind="proof",
        case=f"{size} × {size}, {len(PHOTOGRAPHS)} photographs, 2 borders",
        differing=differing,
    )


@pytest.mark.parametrize("size", [3, 5, 7, 9])
def test_sobel_kernels_are_those_of_opencv(size: int) -> None:
    theirs = cv2.getDerivKernels(1, 0, size)
    for ours, kernel in zip(
        derivatives.sobel_kernels(size), theirs, strict=True
    ):
        assert (ours == kernel.ravel()).all()


def scharr_off(module: ModuleType) -> int:
    differing = 0
    for name in PHOTOGRAPHS:
        gray = getattr(data, name)()
        gx, gy = module.scharr(gray)
        differing += int((gx != cv2.Scharr(gray, cv2.CV_16S, 1, 0)).sum())
        differing += int((gy != cv2.Scharr(gray, cv2.CV_16S, 0, 1)).sum())
    return differing


def test_scharr_equals_opencv(proof: Callable[..., None]) -> None:
    differing = scharr_off(derivatives)
    assert differing == 0
    proof(
        ours="scharr",
        reference="cv2.Scharr",
        kind="proof",
        case=f"{len(PHOTOGRAPHS)} photographs",
        differing=differing,
    )


def laplacian_off(module: ModuleType) -> int:
    differing = 0
    for name in PHOTOGRAPHS:
        gray = getattr(data, name)()
        theirs = cv2.Laplacian(gray, cv2.CV_16S)
        differing += int((module.laplacian(gray) != theirs).sum())
    return differing


def test_laplacian_equals_opencv(proof: Callable[..., None]) -> None:
    differing = laplacian_off(derivatives)
    assert differing == 0
    proof(
        ours="laplacian",
        reference="cv2.Laplacian",
        kind="proof",
        case=f"{len(PHOTOGRAPHS)} photographs",
        differing=differing,
    )


def log_error(module: ModuleType) -> float:
    """Against both kernels written as sums and correlated by SciPy."""
    worst = 0.0
    gray = data.coins()
    for sigma in (0.8, 1.4, 2.0, 3.5):
        reach = round(8 * sigma + 1) | 1  # the size that OpenCV takes
        x = np.arange(reach) - reach // 2
        gauss = np.exp(-(x**2) / (2 * sigma**2))
        kernel = np.outer(gauss, gauss) / gauss.sum() ** 2
        stencil = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
        smooth = scipy.ndimage.correlate(
            gray.astype(float), kernel, mode="mirror"
        )
        expected = scipy.ndimage.correlate(smooth, stencil, mode="mirror")
        ours = module.laplacian_of_gaussian(gray, sigma)
        worst = max(worst, float(abs(ours - expected).max()))
    return worst


def test_log_equals_scipy(proof: Callable[..., None]) -> None:
    error = log_error(derivatives)
    assert error < 1e-11  # of levels up to 255: 1e-13 of the range
    proof(
        ours="laplacian_of_gaussian",
        reference="scipy.ndimage.correlate",
        kind="proof",
        case="4 sigmas, largest difference in levels",
        differing=error,
    )


def crossings_by_hand(response: np.ndarray, height: float) -> np.ndarray:
    h, w = response.shape
    found = np.zeros((h, w), bool)
    for y in range(h):
        for x in range(w):
            for v, u in ((y + 1, x), (y, x + 1)):
                if v < h and u < w:
                    a, b = response[y, x], response[v, u]
                    if (a < 0 <= b or b < 0 <= a) and abs(a - b) > height:
                        found[y, x] = True
    return found


def crossings_off(module: ModuleType) -> int:
    rng = np.random.default_rng(0)
    return sum(
        int(
            (
                module.zero_crossings(response, height)
                != crossings_by_hand(response, height)
            ).sum()
        )
        for response in (
            rng.normal(size=(17, 30)),
            rng.integers(-2, 3, (25, 11)),
            derivatives.laplacian(data.coins()[:40, :50]),
        )
        for height in (0, 1, 2.5)
    )


def test_zero_crossings_by_hand() -> None:
    assert crossings_off(derivatives) == 0


CHECKS: dict[str, Callable[[ModuleType], float]] = {
    "sobel 3": lambda m: sobel_off(m, 3),
    "sobel 5": lambda m: sobel_off(m, 5),
    "scharr": scharr_off,
    "laplacian": laplacian_off,
    "log": lambda m: float(log_error(m) > 1e-11),
    "crossings": crossings_off,
}
MUTANTS = {
    "Sobel smooths like Prewitt": (
        "[-1, 0, 1]), np.array([1, 2, 1])",
        "[-1, 0, 1]), np.array([1, 1, 1])",
        "sobel 3",
    ),
    "Sobel points the other way": (
        "np.array([-1, 0, 1]), np.array([1, 2, 1])",
        "np.array([1, 0, -1]), np.array([1, 2, 1])",
        "sobel 3",
    ),
    "x and y change places": (
        "gx = separable(wide, smoothing, derivative, border)",
        "gx = separable(wide, derivative, smoothing, border)",
        "sobel 3",
    ),
    "uint8 wraps around": (
        "four_neighbors(gray.astype(np.int32))",
        "four_neighbors(gray)",
        "laplacian",
    ),
    "the border is zero": ("mode=border", 'mode="constant"', "sobel 3"),
    "5 × 5 smooths with a box": (
        "np.convolve(smoothing, [1, 2, 1])",
        "np.convolve(smoothing, [1, 1, 1])",
        "sobel 5",
    ),
    "Scharr with another center": ("[3, 10, 3]", "[3, 9, 3]", "scharr"),
    "Laplacian of eight": ("- 4 * image", "- 8 * image", "laplacian"),
    "Laplacian at a repeated border": (
        'np.pad(image, 1, mode="reflect")',
        'np.pad(image, 1, mode="edge")',
        "laplacian",
    ),
    "LoG without Gaussian": (
        "four_neighbors(smooth)",
        "four_neighbors(gray.astype(float))",
        "log",
    ),
    "crossings look one way": (
        "for axis in (0, 1)",
        "for axis in (0,)",
        "crossings",
    ),
    "crossings of any height": ("flips & steep", "flips", "crossings"),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_the_comparison_notices_the_mutant(mutation: str) -> None:
    old, new, check = MUTANTS[mutation]
    assert CHECKS[check](mutate(derivatives, old, new)) > 0


@pytest.mark.parametrize("size", [3, 5, 7])
def test_sobel_is_smoothing_times_derivative(size: int) -> None:
    """The answer to one bright pixel is the kernel, turned around."""
    impulse = np.zeros((15, 15), np.uint8)
    impulse[7, 7] = 1
    derivative, smoothing = derivatives.sobel_kernels(size)
    middle = slice(7 - size // 2, 8 + size // 2)
    gx, gy = derivatives.sobel(impulse, size)
    kernel = np.outer(smoothing, derivative)
    assert (gx[middle, middle] == kernel[::-1, ::-1]).all()
    assert (gy[middle, middle] == kernel.T[::-1, ::-1]).all()


def test_a_step_of_a_levels() -> None:
    step = np.zeros((9, 9), np.uint8)
    step[:, 4:] = 50
    assert derivatives.sobel(step)[0].max() == 4 * 50
    assert derivatives.scharr(step)[0].max() == 16 * 50


def test_larger_sobel_answers_16_times_as_much_and_leaves_int16() -> None:
    ramp = np.tile(np.arange(40, dtype=np.uint8), (40, 1))
    answers = [derivatives.sobel(ramp, size)[0][20, 20] for size in (3, 5)]
    assert answers == [8, 128]
    step = np.zeros((20, 20), np.uint8)
    step[:, 10:] = 255
    saturated = cv2.Sobel(step, cv2.CV_16S, 1, 0, ksize=7)
    assert derivatives.sobel(step, 7)[0].max() > saturated.max() == 32767


def test_laplacian_of_size_3_is_another_kernel() -> None:
    """What the page says of ksize: the default is not 3."""
    impulse = np.zeros((5, 5), np.uint8)
    impulse[2, 2] = 1
    default = cv2.Laplacian(impulse, cv2.CV_16S)[1:4, 1:4]
    three = cv2.Laplacian(impulse, cv2.CV_16S, ksize=3)[1:4, 1:4]
    assert default.tolist() == [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
    assert three.tolist() == [[2, 0, 2], [0, -8, 0], [2, 0, 2]]


GRAY = np.zeros((4, 5), np.uint8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: derivatives.sobel(GRAY / 255), "gray is float64.*uint8"),
        (
            lambda: derivatives.sobel(np.zeros((4, 5, 3), np.uint8)),
            r"gray has shape \(4, 5, 3\); it must be gray",
        ),
        (lambda: derivatives.sobel(GRAY, 4), "size is 4; it must be odd"),
        (lambda: derivatives.sobel(GRAY, 1), "size is 1; it must be odd"),
        (lambda: derivatives.sobel(GRAY, 3, "wrap"), "border is 'wrap'"),
        (lambda: derivatives.scharr(GRAY / 255), "gray is float64"),
        (lambda: derivatives.laplacian(GRAY / 255), "gray is float64"),
        (
            lambda: derivatives.laplacian_of_gaussian(GRAY, 0),
            "sigma is 0; it must be positive",
        ),
        (lambda: derivatives.zero_crossings(GRAY, -1), "height is -1"),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
