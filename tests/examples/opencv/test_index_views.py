"""View, copy and drawable: the table against strides and changed pixels."""

import cv2
import numpy as np
import pytest
from skimage import data

from examples.opencv import index_picture, index_views
from examples.opencv.index_views import EXPRESSIONS


def photo() -> np.ndarray:
    image = np.random.default_rng(0).integers(100, 256, (240, 320, 3))
    return image.astype(np.uint8)


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_the_expression_does_what_its_text_says(text: str) -> None:
    image = photo()
    said = eval(text, {"image": image, "np": np, "cv2": cv2})
    assert np.array_equal(said, EXPRESSIONS[text](image))


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_a_view_is_what_writing_reaches(text: str) -> None:
    image = photo()
    before = image.copy()
    part = EXPRESSIONS[text](image)
    told = index_views.shares(image, part)
    part[...] = 0
    assert told == (not np.array_equal(image, before))


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_drawable_is_packed_pixels_in_rows(text: str) -> None:
    part = EXPRESSIONS[text](photo())
    channels = part.shape[2] if part.ndim == 3 else 1
    pixel = channels * part.itemsize
    along = part.strides[1] if part.ndim > 1 else part.strides[0]
    packed = along == pixel and part.strides[0] >= along
    if part.ndim == 3:
        packed = packed and part.strides[2] == part.itemsize
    if text == "image.reshape(-1, 3)":  # read as (h, 3) in gray
        packed = part.strides == (3, 1)
    assert index_views.drawable(part) == packed


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_opencv_reads_every_one_of_them(text: str) -> None:
    part = EXPRESSIONS[text](photo())
    if part.ndim == 3 and part.shape[2] > 4:  # a tensor is no image
        part = part[..., :4]
    assert np.array_equal(cv2.copyTo(part, None), part)


def test_overflow_figure_shows_the_two_rules() -> None:
    figure = index_picture.overflow()
    *_, wrapped, saturated = figure.axes
    for axes, levels in ((wrapped, (255, 0, 1)), (saturated, (255,) * 3)):
        drawn = np.asarray(axes.lines[0].get_ydata())
        assert tuple(drawn[155:158]) == levels


def test_array_figure_shows_the_levels_of_the_photograph() -> None:
    figure = index_picture.array()
    memory = figure.axes[2]
    shown = [text.get_text() for text in memory.texts]
    x, y = index_picture.X, index_picture.Y
    levels = data.astronaut()[y, x : x + index_picture.SIDE, ::-1]
    assert [t for t in shown if t.isdigit() and len(t) <= 3] == [
        str(level) for level in levels.ravel()
    ]
