"""Canny against cv2.Canny, pixel by pixel, and each stage by itself."""

from collections.abc import Callable, Iterator
from types import ModuleType

import cv2
import numpy as np
import pytest
from skimage import data
from skimage.measure import label

from examples.image_processing import edges
from examples.image_processing.edges_derivatives import scharr, sobel
from tests.mutants import mutate

NORMS = ("L1", "L2")
GRAY = ("brick", "camera", "coins", "moon", "page")  # PNG: same everywhere
COLOR = ("astronaut", "chelsea", "coffee", "hubble_deep_field", "rocket")


def photographs() -> Iterator[np.ndarray]:
    for name in edges.PHOTOGRAPHS:
        gray = edges.gray_photograph(name)
        yield cv2.GaussianBlur(gray, (5, 5), 1.4)


def reference(image: np.ndarray, low: float, high: float, norm: str):
    return cv2.Canny(image, low, high, L2gradient=norm == "L2")


@pytest.mark.parametrize("norm", NORMS)
def test_equals_opencv_on_photographs(
    norm: str, proof: Callable[..., None]
) -> None:
    count = differing = 0
    for smooth in photographs():
        count += 1
        for low, high in edges.PAIRS:
            ours = edges.canny(smooth, low, high, norm)
            differing += int((ours != reference(smooth, low, high, norm)).sum())
    assert differing == 0
    proof(
        ours="canny",
        reference="cv2.Canny",
        kind="proof",
        case=f"{norm}, {count} photographs, {len(edges.PAIRS)} pairs",
        differing=differing,
    )


def random_images(count: int) -> Iterator[np.ndarray]:
    """Small and full of ties, where every rule about equals is needed."""
    rng = np.random.default_rng(0)
    for _ in range(count):
        levels = int(rng.choice([2, 3, 9, 256]))
        shape = rng.integers(1, 24, 2)
        image = rng.integers(0, levels, shape) * (255 // (levels - 1))
        yield image.astype(np.uint8)


@pytest.mark.parametrize("norm", NORMS)
def test_equals_opencv_on_noise_full_of_ties(
    norm: str, proof: Callable[..., None]
) -> None:
    rng = np.random.default_rng(1)
    count = differing = 0
    for image in random_images(500):
        count += 1
        low, high = np.sort(rng.uniform(0, 700, 2))
        ours = edges.canny(image, low, high, norm)
        differing += int((ours != reference(image, low, high, norm)).sum())
    assert differing == 0
    proof(
        ours="canny",
        reference="cv2.Canny",
        kind="proof",
        case=f"{norm}, {count} noise images, any thresholds",
        differing=differing,
    )


def test_equals_opencv_on_other_gradients(proof: Callable[..., None]) -> None:
    differing = 0
    for smooth in photographs():
        gx, gy = scharr(smooth)
        for norm in NORMS:
            ours = edges.trace(gx, gy, 200, 600, norm)
            theirs = cv2.Canny(
                gx.astype(np.int16),
                gy.astype(np.int16),
                200,
                600,
                L2gradient=norm == "L2",
            )
            differing += int((ours != theirs).sum())
    assert differing == 0
    proof(
        ours="trace",
        reference="cv2.Canny",
        kind="proof",
        case="L1 and L2, gradients by Scharr",
        differing=differing,
    )


def test_equals_opencv_in_color(proof: Callable[..., None]) -> None:
    differing = 0
    for name in COLOR:
        smooth = cv2.GaussianBlur(getattr(data, name)(), (5, 5), 1.4)
        for low, high in edges.PAIRS:
            for norm in NORMS:
                ours = edges.canny_color(smooth, low, high, norm)
                theirs = reference(smooth, low, high, norm)
                differing += int((ours != theirs).sum())
    assert differing == 0
    proof(
        ours="canny_color",
        reference="cv2.Canny",
        kind="proof",
        case=f"L1 and L2, {len(COLOR)} color photographs",
        differing=differing,
    )


def test_hysteresis_keeps_whole_components(proof: Callable[..., None]) -> None:
    rng = np.random.default_rng(2)
    differing = 0
    for density in (0.1, 0.3, 0.4, 0.5, 0.7):
        for _ in range(20):
            weak = rng.random(rng.integers(1, 90, 2)) < density
            strong = weak & (rng.random(weak.shape) < 0.02)
            parts = np.asarray(label(weak, connectivity=2))
            expected = weak & np.isin(parts, parts[strong])
            ours = edges.hysteresis(weak, strong)
            differing += int((ours != expected).sum())
    assert differing == 0
    proof(
        ours="hysteresis",
        reference="skimage.measure.label",
        kind="proof",
        case="100 random masks, 8-connected components",
        differing=differing,
    )


def test_hysteresis_follows_a_long_chain_and_does_not_wrap_around() -> None:
    weak = np.zeros((41, 41), bool)
    weak[::2] = True  # rows, joined at alternating ends: a meander
    weak[1::4, -1] = weak[3::4, 0] = True
    strong = np.zeros_like(weak)
    strong[0, 0] = True
    assert (edges.hysteresis(weak, strong) == weak).all()
    apart = np.zeros((4, 5), bool)
    apart[1, -1] = apart[2, 0] = True  # neighbors in memory only
    start = np.zeros_like(apart)
    start[1, -1] = True
    assert (edges.hysteresis(apart, start) == start).all()


def test_ridges_by_hand() -> None:
    """The definition pixel by pixel, with real angles and a loop."""
    rng = np.random.default_rng(3)
    for image in random_images(60):
        gx, gy = sobel(image, border="edge")
        norm = NORMS[int(rng.integers(2))]
        m = edges.magnitude(gx, gy, norm)
        ours = edges.ridges(m, gx, gy)
        h, w = m.shape

        def at(y: int, x: int, m=m, h=h, w=w) -> int:
            return int(m[y, x]) if 0 <= y < h and 0 <= x < w else 0

        for y, x in np.ndindex(h, w):
            if m[y, x] == 0:
                continue
            turn = np.degrees(np.arctan2(gy[y, x], gx[y, x])) % 180
            dy, dx, tie = {
                0: (0, 1, True),
                1: (1, 1, False),
                2: (1, 0, True),
                3: (1, -1, False),
            }[round(turn / 45) % 4]
            here, ahead = at(y, x), at(y + dy, x + dx)
            kept = here > at(y - dy, x - dx) and (
                here >= ahead if tie else here > ahead
            )
            assert ours[y, x] == kept


def test_whole_number_tangents_never_decide() -> None:
    """For 3 × 3 Sobel of uint8 the real tan 22.5° gives the same sectors."""
    gx, gy = np.meshgrid(np.arange(1021), np.arange(1021))
    some = (gx > 0) | (gy > 0)
    tan_22 = edges.TAN_22 * gx
    tan_67 = tan_22 + 2 * edges.ONE * gx
    degrees = np.degrees(np.arctan2(gy, gx))
    y = edges.ONE * gy
    assert ((y < tan_22) == (degrees < 22.5))[some].all()
    assert ((y > tan_67) == (degrees > 67.5))[some].all()
    assert round(np.tan(np.pi / 8) * edges.ONE) == edges.TAN_22


CHANGES = {
    "mirrored border instead of repeated": (
        'border="edge"',
        'border="reflect"',
    ),
    "equals lose on both sides": (">= beside(", "> beside("),
    "equals win on both sides, along x": (
        "(m > beside(0, -1)) & (m >= beside(0, 1))",
        "(m >= beside(0, -1)) & (m >= beside(0, 1))",
    ),
    "equals win on the other side, along y": (
        "(m > beside(-1, 0)) & (m >= beside(1, 0))",
        "(m >= beside(-1, 0)) & (m > beside(1, 0))",
    ),
    "equals win on diagonals too": (
        "& (m > beside(1, 1))",
        "& (m >= beside(1, 1))",
    ),
    "diagonals swapped": ("(gx ^ gy) < 0", "(gx ^ gy) >= 0"),
    "sectors cut at 26.6° instead of 22.5°": (
        "TAN_22 = 13573",
        "TAN_22 = 16384",
    ),
    "m >= low instead of m > low": ("m > low)", "m >= low)"),
    "m >= high instead of m > high": ("m > high)", "m >= high)"),
    "4 neighbors in hysteresis": (
        "[-line - 1, -line + 1, line - 1, line + 1]",
        "[-1, 1, -line, line]",
    ),
    "L2 instead of L1": ("abs(gx) + abs(gy)", "np.hypot(gx, gy)"),
    "weak pixels kept without a strong one": (
        "hysteresis(ridge & (m > low), ridge & (m > high))",
        "ridge & (m > low)",
    ),
}
LARGE = (
    "diagonals swapped",
    "weak pixels kept without a strong one",
    "L2 instead of L1",
    "4 neighbors in hysteresis",
)


def off(module: ModuleType) -> tuple[int, int]:
    differing = total = 0
    for name in GRAY:
        image = getattr(data, name)()
        for low, high in edges.PAIRS:
            expected = cv2.Canny(image, low, high)
            differing += int((module.canny(image, low, high) != expected).sum())
            total += int((expected > 0).sum())
    return differing, total


@pytest.mark.parametrize("change", CHANGES)
def test_every_detail_decides(change: str, proof: Callable[..., None]) -> None:
    differing, total = off(mutate(edges, *CHANGES[change]))
    assert differing > 0
    if "equals" in change or ">=" in change:
        assert differing < 0.03 * total
    if change in LARGE:
        assert differing > 0.1 * total
    proof(
        ours="canny",
        reference="cv2.Canny",
        kind="change",
        case=change,
        differing=differing,
        total=total,
    )


MORE_MUTANTS = {
    "L2 forgets to square the thresholds": (
        "low, high = low * low, high * high",
        "low, high = low, high",
    ),
    "L2 sums instead of squares": ("gx * gx + gy * gy", "abs(gx) + abs(gy)"),
}


@pytest.mark.parametrize("mutation", MORE_MUTANTS)
def test_l2_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(edges, *MORE_MUTANTS[mutation])
    image = next(photographs())
    ours = mutant.canny(image, 50, 150, "L2")
    assert (ours != reference(image, 50, 150, "L2")).any()


def test_color_notices_another_channel() -> None:
    mutant = mutate(edges, ".argmax(axis=0)", ".argmin(axis=0)")
    image = data.coffee()
    assert (
        mutant.canny_color(image, 50, 150) != cv2.Canny(image, 50, 150)
    ).any()


def test_a_negative_and_a_brighter_copy_have_the_same_edges() -> None:
    smooth = next(photographs())
    expected = edges.canny(smooth, 50, 150)
    assert (edges.canny(255 - smooth, 50, 150) == expected).all()
    dark = smooth // 2
    assert (edges.canny(dark + 100, 25, 75) == edges.canny(dark, 25, 75)).all()


@pytest.mark.parametrize("levels", [1, 25, 26, 255])
def test_a_step_of_a_levels_has_magnitude_4a(levels: int) -> None:
    step = np.zeros((9, 9), np.uint8)
    step[:, 4:] = levels
    m = edges.magnitude(*sobel(step, border="edge"), norm="L1")
    assert m.max() == 4 * levels
    assert edges.canny(step, 100, 100).any() == (4 * levels > 100)


def test_opencv_swaps_thresholds_and_refuses_other_types_and_sizes() -> None:
    image = data.camera()
    swapped = cv2.Canny(image, 150, 50)
    assert (swapped == cv2.Canny(image, 50, 150)).all()
    for wrong in (image.astype(np.float32), image.astype(np.uint16)):
        with pytest.raises(cv2.error, match="CV_8U"):
            cv2.Canny(wrong, 50, 150)
    for aperture in (1, 2, 4, 9):
        with pytest.raises(cv2.error, match="Aperture size should be odd"):
            cv2.Canny(image, 50, 150, apertureSize=aperture)
    assert cv2.Canny(data.coffee(), 50, 150).ndim == 2  # color is accepted


IMAGE = np.zeros((4, 5), np.uint8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: edges.canny(IMAGE / 255, 1, 2), "smooth is float64.*uint8"),
        (
            lambda: edges.canny(np.zeros((4, 5, 3), np.uint8), 1, 2),
            r"smooth has shape \(4, 5, 3\); it must be gray",
        ),
        (lambda: edges.canny(IMAGE, 9, 2), "low is 9, high is 2"),
        (lambda: edges.canny(IMAGE, -1, 2), "low is -1, high is 2"),
        (lambda: edges.canny(IMAGE, 1, 2, "L3"), "norm is 'L3'"),
        (lambda: edges.canny_color(IMAGE, 1, 2), r"uint8, \(4, 5\); it must"),
        (
            lambda: edges.canny_color(np.zeros((4, 5, 3)), 1, 2),
            "smooth is float64",
        ),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
