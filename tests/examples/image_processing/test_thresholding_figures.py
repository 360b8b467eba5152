"""The figures show what the code computes."""

import numpy as np
import pytest
from skimage import data

from examples.image_processing.thresholding import otsu
from examples.image_processing.thresholding_modes import curves_figure
from examples.image_processing.thresholding_otsu import split_figure


@pytest.mark.parametrize(
    ("title", "at_t", "above"),
    [
        ("binary", 0, 255),
        ("binary_inv", 255, 0),
        ("trunc", 100, 100),
        ("tozero", 0, 101),
        ("tozero_inv", 100, 0),
    ],
)
def test_curves_break_after_the_threshold(
    title: str, at_t: int, above: int
) -> None:
    (panel,) = [
        axes for axes in curves_figure().axes if axes.get_title() == title
    ]
    below, beyond = (np.asarray(line.get_ydata()) for line in panel.lines[:2])
    assert (below[-1], beyond[0]) == (at_t, above)


def test_split_figure_names_the_threshold() -> None:
    titles = [axes.get_title() for axes in split_figure().axes]
    assert f"x > {otsu(data.camera())}" in titles
