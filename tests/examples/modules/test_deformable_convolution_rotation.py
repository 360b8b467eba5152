"""What offsets learn on turned bars, held over seeds that no figure uses."""

import math
from functools import cache

import pytest
import torch
from torch import Tensor, nn

from examples.modules.deformable_convolution_reach import (
    lost,
    reach,
    tap_influence,
)
from examples.modules.deformable_convolution_rotation import (
    KINDS,
    any_angle,
    bars,
    inner,
    middle_right,
    network,
    train,
)

trained = cache(
    lambda kind, seed, turned=True, factor=1.0: train(
        network(kind, seed), seed, turned, factor
    )
)


def many() -> Tensor:
    return any_angle(256, torch.Generator().manual_seed(6))


def all_at(angle: float) -> Tensor:
    return torch.full((256,), angle)


def test_networks_have_about_the_same_number_of_parameters() -> None:
    counts = [
        sum(p.numel() for p in network(kind, 0).parameters()) for kind in KINDS
    ]
    assert min(counts) > 1850 and max(counts) < 2000
    with pytest.raises(ValueError, match="kind is 'dense'"):
        network("dense", 0)


def test_bars_are_where_they_say_and_lie_as_they_say() -> None:
    random = torch.Generator().manual_seed(0)
    images, bar, along, bright = bars(all_at(0.0), random, shift=0.0)
    assert torch.equal(bar[0].sum(0).nonzero().flatten(), torch.arange(6, 9))
    lying = bars(all_at(math.pi / 2), random, shift=0.0)[1]
    assert torch.equal(bar[0].T, lying[0])
    tips = (bar * (along.abs() > 3.5)) > 0
    clean = torch.where(bright > 0, 1.7, 0.3)[:, None, None].expand_as(bar)
    assert (images[:, 0][tips] - clean[tips]).abs().mean() < 0.3


def test_the_middle_is_out_of_reach_for_two_plain_layers() -> None:
    """No gradient of a middle answer arrives at a tip."""
    images, bar, along, _ = bars(many(), torch.Generator().manual_seed(1))
    images.requires_grad_()
    middle = inner(bar * (along.abs() < 0.5))
    z = network("plain", 0)(images)[:, 0]
    (slope,) = torch.autograd.grad((z * middle).sum(), images)
    assert not (slope[:, 0] * bar * (along.abs() > 3.5)).any()


@pytest.mark.parametrize("seed", [2, 3])
def test_deformable_layers_bring_the_news_to_the_middle(seed: int) -> None:
    right = {
        kind: middle_right(trained(kind, seed), many())
        for kind in ("plain", "dilation 4", "version 1")
    }
    assert right["plain"] < 0.6
    assert right["version 1"] > 0.85
    assert right["dilation 4"] > 0.85  # chosen by hand, and as good


def test_version_2_too_and_offsets_must_depend_on_the_image() -> None:
    assert middle_right(trained("version 2", 2), many()) > 0.85
    assert 0.5 < middle_right(trained("fixed offsets", 2), many()) < 0.8


def test_taps_reach_along_the_bar() -> None:
    for seed in (2, 3):
        model = trained("version 1", seed)
        assert reach(model, many()) > 1.25
        for angle in (0.0, math.pi / 4, math.pi / 2):
            assert middle_right(model, all_at(angle)) > 0.8


def test_upright_bars_teach_nothing_about_lying_ones() -> None:
    model = trained("version 1", 2, turned=False)
    assert middle_right(model, all_at(0.0)) > 0.95
    for angle in (math.pi / 4, math.pi / 2):
        assert middle_right(model, all_at(angle)) < 0.6
    assert reach(model, all_at(0.0)) > 1.5
    assert reach(model, all_at(math.pi / 2)) < 0.6  # still up and down


def test_the_rate_of_the_branch() -> None:
    """A tenth is slower here; ten times throws most taps out."""

    def both(factor: float, seeds: tuple[int, int]) -> tuple[float, float]:
        models = [trained("version 1", s, factor=factor) for s in seeds]
        right = sum(middle_right(m, many()) for m in models) / 2
        return right, sum(lost(m, many()) for m in models) / 2

    usual, few = both(1.0, (2, 3))
    assert both(0.1, (2, 3))[0] < usual - 0.05
    wild, most = both(10.0, (0, 1))
    assert wild < 0.85
    assert most > 0.4 and few < 0.2


def test_influence_is_what_a_mask_would_change() -> None:
    """Against the finite difference of one mask, in float64."""
    model = network("version 2", 1).double()
    nn.init.normal_(model[2].branch.weight, std=0.1)
    random = torch.Generator().manual_seed(0)
    images = bars(torch.tensor([0.3]), random)[0].double()
    points, influence = tap_influence(model, images)
    assert points.shape == (1, 9, 2, 11, 11)
    look = model[2].look

    def answer(step: float) -> Tensor:
        def changed(x: Tensor) -> tuple[Tensor, Tensor]:
            offset, mask = look(x)
            mask = mask.clone()
            mask[0, 4, 5, 6] *= 1 + step
            return offset, mask

        model[2].look = changed
        with torch.no_grad():
            return model(images)[0, 0, 5, 6]

    difference = (answer(1e-6) - answer(-1e-6)) / 2e-6
    assert abs(abs(float(difference)) - float(influence[0, 4, 5, 6])) < 1e-8
