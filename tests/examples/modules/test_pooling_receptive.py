"""Receptive fields by formula and by autograd; bins, heads, drawings."""

import pytest
import torch
from torch import nn

from examples.modules.pooling_adaptive import bins, head
from examples.modules.pooling_receptive import (
    Layer,
    measured,
    receptive_field,
)
from examples.modules.pooling_windows import (
    bins_figure,
    ceil_figure,
    kinds_figure,
)

CONV, POOL = ("conv", 3, 1), ("pool", 2, 2)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([CONV], 3),
        ([CONV, CONV], 5),
        ([CONV, POOL, CONV], 8),
        ([("conv", 7, 2), ("pool", 3, 2)], 11),
        ([("pool", 1, 4), CONV], 9),
    ],
)
def test_formula_is_what_autograd_finds(
    layers: list[Layer], expected: int
) -> None:
    assert receptive_field(layers) == expected
    if layers[0][1] > 1:  # kernel 1 leaves gaps, counted by autograd as such
        assert measured(layers) == expected


def test_bins_cover_everything_and_overlap_where_they_must() -> None:
    for size in range(1, 20):
        for out in range(1, 20):
            chosen = bins(size, out)
            covered = {i for a, b in chosen for i in range(a, b)}
            assert covered == set(range(size))
            assert all(b > a for a, b in chosen)
            overlap = sum(b - a for a, b in chosen) - size
            assert (overlap == 0) == (size % out == 0)


def test_heads_have_the_parameters_of_the_formula() -> None:
    for pooled, features in ((True, 512), (False, 512 * 49)):
        made = head(512, 7, 1000, pooled)
        assert isinstance([*made.children()][1], nn.Linear)
        count = sum(p.numel() for p in made.parameters())
        assert count == features * 1000 + 1000


def test_drawings_show_what_the_code_computes() -> None:
    numbers = [t.get_text() for a in kinds_figure().axes for t in a.texts]
    assert numbers[16:24] == ["6", "8", "5", "7", "3", "3.5", "3", "4"]
    assert numbers[24] == "3.375"
    notes = [
        [t.get_text() for t in axes.texts if t.get_text()]
        for axes in ceil_figure().axes
    ]
    assert notes == [[], ["ceil only"], ["dropped"]]
    assert len(bins_figure().axes) == 3


def test_global_pooling_sees_no_order() -> None:
    x = torch.randn(2, 3, 4, 5)
    pixels = x.flatten(2)[..., torch.randperm(20)].view_as(x)
    torch.testing.assert_close(x.mean((2, 3)), pixels.mean((2, 3)))
