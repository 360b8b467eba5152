"""Flags, qualities and damage: what the page says about its experiments."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage import data, metrics

from examples.opencv import read_write_damage as damage
from examples.opencv import read_write_flags as flags
from examples.opencv import read_write_quality as quality
from examples.opencv.read_write import encode
from tests.mutants import mutate

JPEG, WEBP = cv2.IMWRITE_JPEG_QUALITY, cv2.IMWRITE_WEBP_QUALITY


def psnr_error(module: object) -> float:
    photo = quality.portrait()
    worst = 0.0
    for level in (5, 50, 95):
        again = flags.decoded(quality.lossy(photo, ".jpg", JPEG, level))
        true = metrics.peak_signal_noise_ratio(photo, again, data_range=255)
        worst = max(worst, abs(module.psnr_of(photo, again) - float(true)))
    return worst


def test_psnr_is_that_of_scikit_image(proof) -> None:
    error = psnr_error(quality)
    proof(
        ours="psnr_of",
        reference="skimage.metrics.peak_signal_noise_ratio",
        case="3 qualities",
        differing=int(error > 1e-12),
    )
    assert error < 1e-12


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("255**2", "256**2"),
        ("10 * math", "20 * math"),
        ("image.astype(np.float64) - other", "image - other"),
        ("np.square(error)", "np.abs(error)"),
    ],
)
def test_psnr_notices_the_mutant(old: str, new: str) -> None:
    assert psnr_error(mutate(quality, old, new)) > 0.01


def test_rate_and_psnr_of_the_same_image() -> None:
    photo = quality.portrait()
    assert quality.psnr_of(photo, photo) == float("inf")
    assert quality.rate(bytes(512 * 512), photo) == 8


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_is_what_pillow_reads(orientation: int) -> None:
    image = data.astronaut()[:20, :30]
    stored = flags.encode_turned(".jpg", image, orientation)
    with Image.open(io.BytesIO(stored.tobytes())) as opened:
        assert opened.getexif()[0x0112] == orientation


def test_flags_depend_on_the_file_as_the_page_says() -> None:
    table = flags.table()
    for row in (table["COLOR"], table["COLOR_RGB"]):
        assert set(list(row.values())[:-1]) == {"3 × 8"}
    assert set(list(table["GRAYSCALE"].values())[:-1]) == {"1 × 8"}
    assert table["UNCHANGED"]["alpha16"] == "4 × 16"
    assert [
        name for name, row in table.items() if row["alpha"].startswith("4")
    ] == ["UNCHANGED"]
    upright = {name: row["sideways"] for name, row in table.items()}
    assert upright.pop("UNCHANGED") == "4 × 6"
    assert set(upright.values()) == {"6 × 4"}


def test_grayscale_of_16_bits_needs_its_depth() -> None:
    deep = np.full((4, 4), 40000, np.uint16)
    stored = cv2.imencode(".png", deep)[1]
    gray = flags.decoded(stored, cv2.IMREAD_GRAYSCALE)
    both = cv2.imdecode(stored, cv2.IMREAD_GRAYSCALE | cv2.IMREAD_ANYDEPTH)
    assert gray.dtype == np.uint8
    assert np.array_equal(both, deep)


def test_alpha_is_dropped_not_blended() -> None:
    bgra = np.zeros((4, 4, 4), np.uint8)
    bgra[..., 2] = 200  # red, and fully transparent
    stored = cv2.imencode(".png", bgra)[1]
    assert (flags.decoded(stored)[..., 2] == 200).all()


def test_flags_picture_shows_six_arrays() -> None:
    titles = [axes.get_title() for axes in flags.picture().axes]
    assert titles[0].endswith("(256, 224, 3)\nuint8")
    assert titles[-1].endswith("(224, 256, 4)\nuint16")


def test_webp_is_smaller_and_closer_at_the_same_number() -> None:
    photo = quality.portrait()
    for level in (50, 80, 95):
        jpeg = quality.lossy(photo, ".jpg", JPEG, level)
        webp = quality.lossy(photo, ".webp", WEBP, level)
        assert webp.size < jpeg.size
        close, closer = (
            quality.psnr_of(photo, flags.decoded(stored))
            for stored in (jpeg, webp)
        )
        assert closer > close


def test_full_color_pays_at_high_rates_only() -> None:
    """Which curve is above the other at one bit and at three bits a pixel."""
    photo = quality.portrait()

    def curve(*more: int) -> tuple[list[float], list[float]]:
        stored = [
            quality.lossy(photo, ".jpg", JPEG, level, *more)
            for level in quality.QUALITIES
        ]
        return (
            [quality.rate(s, photo) for s in stored],
            [quality.psnr_of(photo, flags.decoded(s)) for s in stored],
        )

    half, full = curve(), curve(*quality.FULL_CHROMA)
    low, high = 0.6, 3.0
    assert np.interp(low, *half) > np.interp(low, *full)
    assert np.interp(high, *half) < np.interp(high, *full) - 1


def test_jpeg_100_is_lossy_and_larger_than_lossless_webp() -> None:
    photo = quality.portrait()
    top = quality.lossy(photo, ".jpg", JPEG, 100, *quality.FULL_CHROMA)
    assert quality.psnr_of(photo, flags.decoded(top)) < 60
    assert top.size > len(encode(".webp", photo))
    assert len(encode(".webp", photo)) < 0.75 * len(encode(".png", photo))


def test_saving_again_converges_unless_the_grid_moves() -> None:
    photo = quality.portrait()
    still = [
        quality.psnr_of(photo, quality.saved_again(photo, n, 90))
        for n in (1, 5, 25, 50)
    ]
    moved = quality.psnr_of(photo, quality.saved_again(photo, 50, 90, 1))
    losses = -np.diff(still)  # over 4, 20 and 25 more times
    assert losses.sum() < 2
    assert losses[0] / 4 > losses[1] / 20 > losses[2] / 25 > 0
    assert still[0] - moved > 10


def test_only_png_notices_one_changed_byte() -> None:
    photo = damage.small_portrait()
    for extension in damage.EXTENSIONS:
        _, stored = cv2.imencode(extension, photo)
        fates = {damage.fate(stored, seed) for seed in range(20)}
        assert fates == ({"refused"} if extension == ".png" else {"wrong"})


def test_one_byte_is_changed_and_no_more() -> None:
    stored = np.arange(200, dtype=np.uint8)
    for seed in range(50):
        changed = damage.one_byte_changed(stored, seed)
        assert np.count_nonzero(changed != stored) == 1
        assert np.array_equal(changed[:20], stored[:20])


def test_quiet_silences_c_and_gives_the_descriptor_back(
    capfd: pytest.CaptureFixture[str],
) -> None:
    whole = cv2.imencode(".png", damage.small_portrait())[1]
    with damage.quiet():
        cv2.imdecode(whole[:999], cv2.IMREAD_COLOR)
    assert not capfd.readouterr().err
    cv2.imdecode(whole[:999], cv2.IMREAD_COLOR)
    assert "incomplete" in capfd.readouterr().err


def test_figures_have_their_curves(tmp_path: Path) -> None:
    lines = quality.curves().axes[0].lines
    assert len(lines) == 5  # three encoders and two lossless rates
    for figure in (quality.crops(), damage.pictures()):
        assert all(axes.images for axes in figure.axes)
