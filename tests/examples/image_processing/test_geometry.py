"""Warps and samplers against SciPy, scikit-image, torch and OpenCV."""

from collections.abc import Callable
from types import ModuleType

import cv2
import numpy as np
import pytest
import torch
from scipy.ndimage import map_coordinates
from skimage import data
from skimage.transform import warp
from torch.nn import functional

from examples.image_processing import geometry, geometry_sampling
from tests.mutants import mutate

EXACT = 1e-12  # images between 0 and 1
SIZE = (300, 420)
TURN = np.array([[0.86, 0.27, -31.4], [-0.31, 0.93, 77.7]])
TILT = np.array([[0.9, 0.2, 30], [-0.1, 1.1, 20], [2e-4, 3e-4, 1]])
PHOTOGRAPHS = ("camera", "brick", "coins", "moon", "page", "text")
SCIPY = {"constant": "grid-constant", "replicate": "nearest"}
ORDER = {"nearest": 0, "bilinear": 1}


def unit(name: str) -> np.ndarray:
    return getattr(data, name)() / 255.0


def full(matrix: np.ndarray) -> np.ndarray:
    return np.vstack([matrix, [0, 0, 1]])


def positions(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inside, on the border, across it and far outside."""
    rng = np.random.default_rng(0)
    h, w = image.shape[:2]
    x = rng.uniform(-4, w + 3, (90, 110))
    y = rng.uniform(-4, h + 3, (90, 110))
    x[0], y[1] = np.arange(110), np.arange(110)  # on whole pixels
    x[2], y[3], x[4] = w - 1, 0, w - 0.5
    x[5], y[6] = -1e9, 1e9
    return x, y


def off_scipy(module: ModuleType, mode: str) -> float:
    worst = 0.0
    for name in PHOTOGRAPHS[:3]:
        image = unit(name)
        x, y = positions(image)
        for border, theirs in SCIPY.items():
            sample = getattr(module, f"sample_{mode}")
            near = np.clip(x, -2, image.shape[1] + 1)
            ours = sample(image, near, np.clip(y, -2, 1e4), border)
            reference = map_coordinates(
                image, [y, x], order=ORDER[mode], mode=theirs
            )
            worst = max(worst, abs(ours - reference).max())
    return worst


def off_torch(module: ModuleType, mode: str) -> float:
    image = unit("camera")[:100, :140]
    x, y = positions(image)
    x, y = np.clip(x, -2, 141), np.clip(y, -2, 101)
    grid = np.stack([2 * x / 139 - 1, 2 * y / 99 - 1], axis=-1)
    worst = 0.0
    for border, padding in (("constant", "zeros"), ("replicate", "border")):
        ours = getattr(module, f"sample_{mode}")(image, x, y, border)
        theirs = functional.grid_sample(
            torch.from_numpy(image)[None, None],
            torch.from_numpy(grid)[None],
            mode=mode,
            padding_mode=padding,
            align_corners=True,
        )[0, 0]
        worst = max(worst, abs(ours - theirs.numpy()).max())
    return worst


@pytest.mark.parametrize("mode", ORDER)
def test_samplers_equal_scipy(mode: str, proof: Callable[..., None]) -> None:
    error = off_scipy(geometry_sampling, mode)
    assert error < EXACT
    proof(
        ours=f"sample_{mode}",
        reference="scipy.ndimage.map_coordinates",
        case="float64, 0–1, 2 borders",
        error=error,
    )


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_samplers_equal_torch(mode: str, proof: Callable[..., None]) -> None:
    error = off_torch(geometry_sampling, mode)
    assert error < EXACT
    if mode == "bicubic":
        proof(
            ours="sample_bicubic",
            reference="torch.nn.functional.grid_sample",
            case="float64, 0–1, 2 borders",
            error=error,
        )


SAMPLER_MUTANTS = {
    "a and b exchanged": (
        "each_channel(x - x0, image), each_channel(y - y0, image)",
        "each_channel(y - y0, image), each_channel(x - x0, image)",
        "bilinear",
    ),
    "corners exchanged": (
        "top_right = fetch(image, x0 + 1, y0, border)",
        "top_right = fetch(image, x0, y0 + 1, border)",
        "bilinear",
    ),
    "rows blended the wrong way": (
        "(1 - b) * top + b * low",
        "b * top + (1 - b) * low",
        "bilinear",
    ),
    "truncated toward zero": (
        "x0, y0 = np.floor(x), np.floor(y)",
        "x0, y0 = np.trunc(x), np.trunc(y)",
        "bilinear",
    ),
    "border one pixel early": ("0, w - 1)", "0, w - 2)", "bilinear"),
    "outside judged by columns alone": (
        "(column != x) | (row != y)",
        "(column != x)",
        "bilinear",
    ),
    "nearest is the floor": ("np.floor(x + 0.5)", "np.floor(x)", "nearest"),
    "nearest from the other side": (
        "np.floor(y + 0.5)",
        "np.ceil(y)",
        "nearest",
    ),
    "a = -0.5": ("a: float = -0.75", "a: float = -0.5", "bicubic"),
    "kernel cut at 1": ("np.where(t < 2, far, 0.0)", "0 * far", "bicubic"),
    "a coefficient off by one": (
        "(t - 5) * t + 8",
        "(t - 5) * t + 7",
        "bicubic",
    ),
    "a row too few": (
        "(y0 - 1, y0, y0 + 1, y0 + 2)",
        "(y0 - 1, y0, y0 + 1)",
        "bicubic",
    ),
}


@pytest.mark.parametrize("mutation", SAMPLER_MUTANTS)
def test_sampler_mutants_are_noticed(mutation: str) -> None:
    old, new, mode = SAMPLER_MUTANTS[mutation]
    off = off_torch if mode == "bicubic" else off_scipy
    assert off(mutate(geometry_sampling, old, new), mode) > 1e-6


def off_skimage(module: ModuleType, names: tuple = PHOTOGRAPHS) -> float:
    worst = 0.0
    for name in names:
        image = unit(name)
        for matrix in (full(TURN), TILT):
            reference = warp(
                image, np.linalg.inv(matrix), order=1, output_shape=SIZE
            )
            ours = module.warp_perspective(image, matrix, SIZE)
            worst = max(worst, abs(ours - reference).max())
        reference = warp(
            image,
            np.linalg.inv(full(TURN)),
            order=1,
            mode="edge",
            output_shape=SIZE,
        )
        ours = module.warp_affine(image, TURN, SIZE, border="replicate")
        worst = max(worst, abs(ours - reference).max())
    return worst


def test_warps_equal_skimage(proof: Callable[..., None]) -> None:
    error = off_skimage(geometry)
    assert error < EXACT
    proof(
        ours="warp_affine, warp_perspective",
        reference="skimage.transform.warp",
        case=f"float64, 0–1, {len(PHOTOGRAPHS)} photographs",
        error=error,
    )


def off_resize(module: ModuleType, names: tuple = PHOTOGRAPHS) -> float:
    worst = 0.0
    for name in names:
        image = unit(name)
        batch = torch.from_numpy(image)[None, None]
        for shape in ((70, 333), (600, 57), (1, 1), (513, 640)):
            for corners in (False, True):
                ours = module.resize_bilinear(image, shape, corners)
                theirs = functional.interpolate(
                    batch, size=shape, mode="bilinear", align_corners=corners
                )[0, 0]
                worst = max(worst, abs(ours - theirs.numpy()).max())
    return worst


def test_resize_equals_torch(proof: Callable[..., None]) -> None:
    error = off_resize(geometry)
    assert error < EXACT
    proof(
        ours="resize_bilinear",
        reference="torch.nn.functional.interpolate",
        case="float64, 0–1, align_corners False and True",
        error=error,
    )


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_resize_equals_opencv(kind: type, proof: Callable[..., None]) -> None:
    error = 0.0
    for name in PHOTOGRAPHS:
        image = getattr(data, name)().astype(kind)
        for h, w in ((70, 333), (600, 57), (513, 640)):
            theirs = cv2.resize(image, (w, h))
            ours = geometry.resize_bilinear(image, (h, w))
            error = max(error, abs(ours - theirs).max())
    assert error < (1e-10 if kind is np.float64 else 1e-3)
    proof(
        ours="resize_bilinear",
        reference="cv2.resize",
        case=f"{np.dtype(kind).name}, 0–255",
        error=error,
    )


def test_uint8_resize_of_opencv_is_within_a_level() -> None:
    image = data.camera()
    ours = np.rint(geometry.resize_bilinear(image, (333, 700)))
    theirs = cv2.resize(image, (700, 333))
    assert abs(ours - theirs).max() == 1
    assert 0.05 < (ours != theirs).mean() < 0.2
    exact = cv2.resize(image, (700, 333), interpolation=cv2.INTER_LINEAR_EXACT)
    assert (ours != exact).mean() < 0.02


WARPS = {
    "warp_affine": (
        "cv2.warpAffine",
        lambda i: cv2.warpAffine(i, TURN, SIZE[::-1]),
        lambda i: geometry.warp_affine(i, TURN, SIZE),
    ),
    "warp_perspective": (
        "cv2.warpPerspective",
        lambda i: cv2.warpPerspective(i, TILT, SIZE[::-1]),
        lambda i: geometry.warp_perspective(i, TILT, SIZE),
    ),
    "remap": (
        "cv2.remap",
        lambda i: cv2.remap(i, *maps(), cv2.INTER_LINEAR),
        lambda i: geometry.remap(i, *maps()),
    ),
}


def maps() -> list[np.ndarray]:
    both = geometry.sources(TILT, SIZE)
    return [m.astype(np.float32) for m in both]


@pytest.mark.parametrize("name", WARPS)
def test_float32_warps_equal_opencv(
    name: str, proof: Callable[..., None]
) -> None:
    reference, theirs, ours = WARPS[name]
    error = 0.0
    for photograph in PHOTOGRAPHS:
        image = getattr(data, photograph)().astype(np.float32)
        error = max(error, abs(ours(image) - theirs(image)).max())
    assert error < 0.05
    proof(ours=name, reference=reference, case="float32, 0–255", error=error)


@pytest.mark.parametrize("name", WARPS)
def test_uint8_warps_differ_in_few_pixels_by_one_level(name: str) -> None:
    _, theirs, ours = WARPS[name]
    differing = total = 0
    for photograph in PHOTOGRAPHS:
        image = getattr(data, photograph)()
        off = abs(np.rint(ours(image)) - theirs(image))
        assert off.max() <= 1
        differing, total = differing + (off > 0).sum(), total + off.size
    assert differing < total / 2000


WARP_MUTANTS = {
    "forward instead of backward": ("np.linalg.inv(matrix)", "matrix"),
    "u and v exchanged": ("np.stack([u, v,", "np.stack([v, u,"),
    "not divided by w": ("np.divide(x, w,", "np.divide(x, 1 + 0 * w,"),
    "divided twice": ("np.divide(y, w,", "np.divide(y, w * w,"),
    "pixel corners for centers": (
        "np.indices(shape, dtype=float)",
        "np.indices(shape, dtype=float) + 0.5",
    ),
    "another border": ('border: str = "constant"', 'border: str = "replicate"'),
    "another mode": ('mode: str = "bilinear"', 'mode: str = "nearest"'),
    "clipped too close": ("np.clip(x, -2, w + 1)", "np.clip(x, 0, w - 1)"),
}
RESIZE_MUTANTS = {
    "no half pixel": ("n / m * (i + 0.5) - 0.5", "n / m * i"),
    "half of the wrong pixel": (
        "n / m * (i + 0.5) - 0.5",
        "n / m * (i + 0.5) - 0.5 * n / m",
    ),
    "align_corners divides by m": ("max(m - 1, 1)", "max(m, 1)"),
    "the other default": ("if align_corners:", "if not align_corners:"),
    "dark rim": ('np.meshgrid(x, y), border="replicate"', "np.meshgrid(x, y)"),
}


@pytest.mark.parametrize("mutation", WARP_MUTANTS)
def test_warp_mutants_are_noticed(mutation: str) -> None:
    mutant = mutate(geometry, *WARP_MUTANTS[mutation])
    assert off_skimage(mutant, ("text",)) > 1e-6


@pytest.mark.parametrize("mutation", RESIZE_MUTANTS)
def test_resize_mutants_are_noticed(mutation: str) -> None:
    mutant = mutate(geometry, *RESIZE_MUTANTS[mutation])
    assert off_resize(mutant, ("text",)) > 1e-6


def test_color_is_three_gray_images() -> None:
    image = data.astronaut()[:90, :120]
    for mode in geometry.SAMPLERS:
        warped = geometry.warp_affine(image, TURN, (80, 70), mode)
        for channel in range(3):
            alone = geometry.warp_affine(
                image[..., channel], TURN, (80, 70), mode
            )
            assert (warped[..., channel] == alone).all()


def test_every_mode_returns_the_pixels_themselves() -> None:
    image = data.camera()[:40, :50]
    for mode in geometry.SAMPLERS:
        same = geometry.warp_perspective(image, np.eye(3), (40, 50), mode)
        assert (same == image).all()


def test_resize_is_a_warp_with_half_a_pixel() -> None:
    image = unit("camera")[100:160, 200:280]
    half = [[2, 0, 0.5], [0, 2, 0.5]]
    warped = geometry.warp_affine(image, half, (120, 160), border="replicate")
    larger = geometry.resize_bilinear(image, (120, 160))
    assert abs(warped - larger).max() < EXACT
    bare = [[2, 0, 0], [0, 2, 0]]
    shifted = geometry.warp_affine(image, bare, (120, 160), border="replicate")
    assert abs(shifted - larger).max() > 0.1


def test_points_on_the_horizon_are_outside() -> None:
    image = np.full((5, 5), 9.0)
    matrix = np.linalg.inv([[1, 0, 0], [0, 1, 0], [0.5, 0, -1.0]])
    out = geometry.warp_perspective(image, matrix, (1, 5))
    assert out[0, 2] == 0  # w is exactly 0 there
    assert np.isfinite(out).all()


def test_bilinear_weights_are_the_drawn_areas() -> None:
    for corner, weight in enumerate((0.18, 0.42, 0.12, 0.28)):
        image = np.zeros((2, 2))
        image.flat[corner] = 1
        value = geometry.remap(image, np.array([[0.7]]), np.array([[0.4]]))
        assert value[0, 0] == pytest.approx(weight, abs=1e-12)


def test_cubic_kernel_is_an_interpolator_that_overshoots() -> None:
    t = np.linspace(0, 1, 101)
    taps = [geometry_sampling.cubic(t - k) for k in (-1, 0, 1, 2)]
    assert sum(taps) == pytest.approx(1)
    whole = geometry_sampling.cubic(np.arange(-3.0, 4.0))
    assert whole.tolist() == [0, 0, 0, 1, 0, 0, 0]
    step = np.array([[0, 0, 0, 0, 255, 255, 255, 255.0]])
    x = np.linspace(1, 6, 501)[None]
    read = geometry.remap(step, x, 0 * x, "bicubic", "replicate")
    assert read.min() < -20
    assert read.max() > 275
    soft = geometry_sampling.cubic(np.array([1.5]), a=-0.5)
    assert soft == pytest.approx(-0.0625)


GRAY = np.zeros((4, 5))
XY = np.zeros((2, 3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: geometry.remap(np.zeros(4), XY, XY), r"image is \(4,\)"),
        (
            lambda: geometry.remap(np.zeros((0, 3)), XY, XY),
            r"image is \(0, 3\)",
        ),
        (lambda: geometry.remap(GRAY, XY, XY, "lanczos"), "mode is 'lanczos'"),
        (
            lambda: geometry.remap(GRAY, XY, XY, border="wrap"),
            "border is 'wrap'",
        ),
        (lambda: geometry.remap(GRAY, XY, XY[:1]), r"y is \(1, 3\)"),
        (lambda: geometry.remap(GRAY, XY[0], XY[0]), r"x is \(3,\)"),
        (lambda: geometry.remap(GRAY, XY * np.nan, XY), "holds NaN"),
        (
            lambda: geometry.warp_perspective(GRAY, np.ones((3, 3)), (2, 2)),
            "it is singular",
        ),
        (
            lambda: geometry.warp_affine(GRAY, [[1, 2, 0], [2, 4, 0]], (2, 2)),
            "it is singular",
        ),
        (
            lambda: geometry.warp_perspective(GRAY, TURN, (2, 2)),
            "must be 3 × 3",
        ),
        (
            lambda: geometry.warp_perspective(GRAY, np.eye(3) / 0.0, (2, 2)),
            "finite",
        ),
        (
            lambda: geometry.warp_affine(GRAY, TILT, (2, 2)),
            r"matrix is \(3, 3\)",
        ),
        (lambda: geometry.resize_bilinear(GRAY, (0, 3)), r"shape is \(0, 3\)"),
        (lambda: geometry.resize_bilinear(GRAY, (3,)), r"shape is \(3,\)"),
        (
            lambda: geometry.resize_bilinear(np.zeros(3), (3, 3)),
            r"image is \(3,\)",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:(divide|invalid)")
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
