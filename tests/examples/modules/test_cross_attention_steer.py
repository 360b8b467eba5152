"""Captions steer the weights, whatever the seed; the scenes are right."""

import pytest
import torch

from examples.modules.cross_attention_scenes import draw_scenes, stamps
from examples.modules.cross_attention_steer import judge, learn_to_find


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_named_object_is_looked_at_and_found(seed: int) -> None:
    finder = learn_to_find(seed)
    error, weight = judge(finder, draw_scenes(100, seed=99))
    assert error < 0.5
    assert weight.diagonal().min() > 0.6
    assert (weight - weight.diagonal().diag()).max() < 0.02


def test_scenes_hold_three_different_objects_apart() -> None:
    scenes = draw_scenes(50, seed=3)
    sizes = stamps().sum((1, 2))
    assert scenes.objects.sum((2, 3)).equal(sizes[scenes.kinds % 3])
    assert scenes.objects.sum(1).max() == 1  # none overlap
    words = scenes.captions()
    assert (words[..., 0] * 3 + words[..., 1] - 3).equal(scenes.kinds)
    for kinds in scenes.kinds:
        assert len(kinds.unique()) == 3
    first = torch.nonzero(scenes.objects[0, 0]).double() + 0.5
    middle = (first.amin(0) + first.amax(0)) / 2  # all stamps are symmetric
    assert torch.allclose(scenes.centers()[0, 0].double(), middle)
