"""Masks under changing light, blending, and the figures of the page."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from skimage import data

from examples.opencv import (
    channels_blend,
    channels_light,
    channels_mask,
    channels_picture,
)
from examples.opencv.channels import bgr_to_hsv
from examples.opencv.channels_lab import linear_to_srgb, srgb_to_linear
from tests.mutants import mutate


@pytest.mark.parametrize(
    "draw",
    [
        channels_light.light_figure,
        channels_mask.red_figure,
        channels_blend.blend_figure,
        channels_picture.planes_figure,
    ],
)
def test_figures_are_drawn(draw: Callable[[], Figure]) -> None:
    assert draw().axes


def scores(gain: tuple[float, ...], haze: float) -> dict[str, float]:
    photo = channels_light.flower()
    image = channels_light.lit(photo, np.array(gain), haze)
    return {
        space: channels_light.overlap(
            channels_light.learned_mask(image, photo, space),
            channels_light.learned_mask(photo, photo, space),
        )
        for space in ("BGR", "HSV")
    }


def test_only_hsv_survives_dim_light() -> None:
    found = scores(*channels_light.LIGHTS["light 1/8"])
    assert found["HSV"] > 0.9
    assert found["BGR"] < 0.01


def test_haze_hurts_hsv_more() -> None:
    found = scores(*channels_light.LIGHTS["haze"])
    assert found["HSV"] < found["BGR"] - 0.1


def test_without_the_rotation_the_rule_takes_every_hue() -> None:
    photo = channels_light.flower()
    h = bgr_to_hsv(photo)[127:317, 213:403, 0]
    low, high = np.percentile(h, (2, 98))
    assert high - low > 150
    turned = channels_light.rotated_hsv(photo)[127:317, 213:403, 0]
    np.testing.assert_array_equal((turned + 90) % 180, h)
    low, high = np.percentile(turned, (2, 98))
    assert high - low < 40


def test_light_is_linear() -> None:
    photo = channels_light.flower()
    dim = channels_light.lit(photo, np.array([0.5] * 3))
    ratio = (
        srgb_to_linear(dim / 255).mean() / srgb_to_linear(photo / 255).mean()
    )
    assert ratio == pytest.approx(0.5, abs=0.002)


def blend_differing(m) -> int:
    """Every alpha, foreground and background: 2^24 triples."""
    f = np.arange(256, dtype=np.uint8)[:, None].repeat(256, 1)
    b = np.ascontiguousarray(f.T)
    wrong = 0
    for alpha in range(256):
        a = np.full_like(f, alpha)
        theirs = Image.composite(
            Image.fromarray(f), Image.fromarray(b), Image.fromarray(a)
        )
        wrong += np.count_nonzero(m.over(f, b, a) != np.asarray(theirs))
    return int(wrong)


def test_over_equals_pillow(proof: Callable[..., None]) -> None:
    wrong = blend_differing(channels_blend)
    assert wrong == 0
    proof(
        ours="over",
        reference="PIL.Image.composite",
        case=f"all {2**24:,} triples of a, F and B",
        difference=wrong,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(x + (x >> 8)) >> 8", "x >> 8"),
        ("x = x + 128", "x = x + 127"),
        ("(255 - a) * back", "(256 - a) * back"),
        ("a * front + (255 - a) * back", "a * back + (255 - a) * front"),
    ],
)
def test_comparison_notices_the_mutant(old: str, new: str) -> None:
    assert blend_differing(mutate(channels_blend, old, new)) > 0


def test_division_by_255_is_exact() -> None:
    x = np.arange(255 * 255 + 1)
    np.testing.assert_array_equal(
        channels_blend.divided_by_255(x), np.rint(x / 255)
    )


def test_ends_of_alpha() -> None:
    photo = data.astronaut()[:20, :20]
    other = np.ascontiguousarray(photo[::-1])
    full = np.full((20, 20, 1), 255, np.uint8)
    np.testing.assert_array_equal(
        channels_blend.over(photo, other, full), photo
    )
    np.testing.assert_array_equal(
        channels_blend.over(photo, other, 0 * full), other
    )
    with pytest.raises(ValueError, match="alpha is float64"):
        channels_blend.over(photo, other, full / 255)


def test_mean_light_of_a_checkerboard_is_188() -> None:
    level = 255 * float(linear_to_srgb(np.array(0.5)))
    assert round(level) == 188
    board = (np.indices((8, 8)).sum(0) % 2 * 255).astype(np.uint8)
    half = cv2.resize(board, (4, 4), interpolation=cv2.INTER_AREA)
    assert abs(int(half[0, 0]) - 127.5) <= 0.5
    np.testing.assert_array_equal(
        channels_blend.mix(np.array([0]), np.array([255]), 0.5), [188]
    )


def test_straight_alpha_leaves_a_dark_fringe() -> None:
    disk = channels_blend.white_disk()
    straight = channels_blend.on_white(channels_blend.shrunk(disk, False))
    right = channels_blend.on_white(channels_blend.shrunk(disk, True))
    assert straight.min() < 200
    assert (right == 255).all()


def test_red_lies_on_both_sides() -> None:
    image = data.stereo_motorcycle()[0][::4, ::4, ::-1]
    low, high, both = channels_mask.red_masks(image).values()
    assert low.any()
    assert high.any()
    np.testing.assert_array_equal(both, low | high)
