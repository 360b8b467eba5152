"""The gradients that the page draws, and what they add up to."""

import torch
from torch import Tensor, nn

from examples.modules.pooling import AvgPool, MaxPool
from examples.modules.pooling_adaptive import AdaptiveAvgPool
from examples.modules.pooling_gradient import (
    SharedMax,
    gradient_figure,
    routed,
)


def distinct(side: int) -> Tensor:
    random = torch.Generator().manual_seed(0)
    order = torch.randperm(side * side, generator=random)
    return order.view(1, 1, side, side).float()


def test_every_output_passes_on_exactly_one_in_all() -> None:
    x = distinct(9)
    for pool in (
        MaxPool(2),
        MaxPool(3, 2, 1),
        AvgPool(2),
        AvgPool(3, 2),
        AdaptiveAvgPool(4),
    ):
        outputs = pool(x).numel()
        total = routed(pool, x).sum()
        torch.testing.assert_close(total, torch.tensor(float(outputs)))


def test_max_pooling_reaches_one_pixel_of_each_window() -> None:
    gradient = routed(MaxPool(2), distinct(8))
    windows = gradient.unfold(2, 2, 2).unfold(3, 2, 2).flatten(-2)
    assert ((windows == 1).sum(-1) == 1).all()
    assert ((windows == 0).sum(-1) == 3).all()


def test_overlapping_windows_add_up() -> None:
    gradient = routed(MaxPool(3, 2), distinct(9))
    assert gradient.max() >= 2
    ninths = routed(AvgPool(3, 2), distinct(5)) * 9
    expected = torch.tensor([1.0, 1, 2, 1, 1])
    torch.testing.assert_close(ninths[0, 0], expected.outer(expected))


def test_odd_sizes_leave_pixels_without_gradient() -> None:
    for pool in (AvgPool(2), nn.AvgPool2d(2)):
        gradient = routed(pool, distinct(5))
        assert (gradient == 0).sum() == 9
    assert (routed(AvgPool(2, ceil_mode=True), distinct(5)) != 0).all()


def test_ties_go_to_the_first_or_are_shared() -> None:
    x = torch.ones(1, 1, 4, 4)
    first = torch.tensor([[1.0, 0], [0, 0]]).repeat(2, 2)
    for pool in (MaxPool(2), nn.MaxPool2d(2)):
        assert torch.equal(routed(pool, x)[0, 0], first)
    assert torch.equal(routed(SharedMax(), x), torch.full_like(x, 0.25))
    assert torch.equal(SharedMax()(distinct(8)), MaxPool(2)(distinct(8)))


def test_adaptive_bins_weigh_the_middle_more() -> None:
    gradient = routed(AdaptiveAvgPool(3), distinct(4))[0, 0]
    side = torch.tensor([0.5, 1, 1, 0.5])
    torch.testing.assert_close(gradient, side.outer(side))


def test_the_figure_shows_the_gradients() -> None:
    for axes in gradient_figure().axes:
        if axes.get_title().startswith("max, kernel 3"):
            shown = [t.get_text() for t in axes.texts if t.get_color() != ""]
            bold = [
                t.get_text() for t in axes.texts if t.get_weight() == "bold"
            ]
            assert sum(float(n) for n in bold) == 4
            assert len(shown) == 25 + len(bold)
