"""What the figures and experiments of the page claim."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from skimage import data

from examples.opencv import (
    tensors_layout,
    tensors_rounding,
    tensors_survive,
    tensors_wrong,
)
from examples.opencv.tensors import image_to_tensor


@pytest.mark.parametrize(
    "draw",
    [
        tensors_layout.layout_figure,
        tensors_survive.errors_figure,
        tensors_wrong.wrong_figure,
    ],
)
def test_figures_are_drawn(draw: Callable[[], Figure]) -> None:
    assert draw().axes


def test_buffers_hold_the_same_bytes_in_another_order() -> None:
    image, interleaved, planar = tensors_layout.buffers()
    np.testing.assert_array_equal(interleaved, image.ravel())
    np.testing.assert_array_equal(
        planar, image[:, :, ::-1].transpose(2, 0, 1).ravel()
    )


def test_rounding_and_truncation_have_their_closed_forms() -> None:
    torch.manual_seed(1)
    x = torch.rand(400_000, dtype=torch.float64)
    for how, bias, square in (
        ("rounded", 0, 1 / 12),
        ("truncated", -1 / 2, 1 / 3),
    ):
        error = tensors_rounding.whole(x, how) - 255 * x
        assert float(error.mean()) == pytest.approx(bias, abs=0.005)
        assert float(error.square().mean()) == pytest.approx(square, rel=0.01)
    assert 10 * math.log10(4) == pytest.approx(6.02, abs=0.001)


def test_only_truncation_drifts() -> None:
    x = image_to_tensor(data.astronaut()[:100, :100])
    assert torch.equal(tensors_rounding.trips(x, 3, "rounded"), x)
    means = [
        float(tensors_rounding.trips(x, count, "truncated").mean())
        for count in (0, 1, 2, 5, 20)
    ]
    assert means == sorted(means, reverse=True)
    assert means[0] - means[-1] > 1 / 255


def test_mistakes_differ_from_the_right_way() -> None:
    image = data.astronaut()[:60, :60]
    views = tensors_wrong.mistakes(image)
    np.testing.assert_array_equal(views.pop("right"), image)
    for view in views.values():
        assert np.mean(view != image) > 0.3
    assert views["divided by 255 twice"].max() == 1
