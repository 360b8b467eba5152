"""The map has a row for every page; the drawn means are means."""

import numpy as np
import pytest
from skimage import data

from examples.image_processing.index_map import (
    H,
    W,
    chapter_figure,
    edges,
    thresholding,
)
from examples.image_processing.index_window import window_figure


def test_map_has_a_row_for_every_page() -> None:
    rows = chapter_figure().subfigs
    assert [row.get_supylabel() for row in rows] == [
        "this page",
        "thresholding",
        "edges",
        "filtering",
        "morphology",
        "geometry",
        "features",
    ]
    for row in rows:
        titles = [axes.get_title() for axes in row.axes]
        assert len(set(titles)) == 3
        for axes in row.axes:
            shown = np.asarray(axes.images[0].get_array())
            assert shown.shape[:2] == (H, W)


def test_map_panels_are_what_they_are_called() -> None:
    gray = data.camera()
    assert set(np.unique(thresholding(gray)["Otsu"])) == {0, 255}
    assert set(np.unique(edges(gray)["Canny"])) == {0, 255}


def test_drawn_output_is_the_mean_of_the_drawn_input() -> None:
    before, after, *_ = window_figure().axes
    x = [int(text.get_text()) for text in before.texts]
    y = [int(text.get_text()) for text in after.texts]
    padded, means = np.reshape(x, (7, 7)), np.reshape(y, (5, 5))
    for i in range(5):
        for j in range(5):
            window = padded[i : i + 3, j : j + 3]
            assert means[i, j] == pytest.approx(window.mean(), abs=0.5)
