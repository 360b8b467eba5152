"""What the page claims about scale, order and the pictures."""

import pytest
import torch

from examples.modules import self_attention_position as position
from examples.modules.self_attention_picture import photograph_weights
from examples.modules.self_attention_scale import (
    KEYS,
    fresh_score_std,
    saturation,
)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_division_keeps_softmax_soft_at_every_width(seed: int) -> None:
    for d in (16, 256):
        raw = saturation(d, 1.0, seed)
        divided = saturation(d, d**-0.5, seed)
        assert raw["scores"].mean() == pytest.approx(d**0.5, rel=0.05)
        assert divided["scores"].mean() == pytest.approx(1, rel=0.05)
        assert divided["largest"].median() < 0.15
        assert 35 < divided["keys"].median() < 45
        assert divided["gradient"].median() > 0.1
    assert raw["largest"].median() > 0.9
    assert raw["keys"].median() < 2


def test_most_gradients_vanish_while_their_mean_does_not() -> None:
    raw, divided = saturation(1024, 1.0), saturation(1024, 1 / 32)
    assert raw["gradient"].quantile(0.1) < 1e-6
    assert raw["gradient"].median() < 0.05 < divided["gradient"].quantile(0.1)
    assert 10 * raw["gradient"].median() < divided["gradient"].median()
    assert raw["gradient"].mean() > 5 * divided["gradient"].mean()


def test_gradient_formula_is_that_of_autograd() -> None:
    q = torch.randn(8, dtype=torch.float64, requires_grad=True)
    k = torch.randn(KEYS, 8, dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(
        lambda q: (0.3 * k @ q).softmax(0), q
    )
    w = (0.3 * k @ q).softmax(0)
    by_hand = 0.3 * w[:, None] * (k - w @ k)
    assert (jacobian - by_hand).abs().max() < 1e-12


@pytest.mark.parametrize("d", [64, 256])
def test_a_fresh_layer_has_scores_of_one_third(d: int) -> None:
    assert fresh_score_std(d) == pytest.approx(1 / 3, abs=0.05)


@pytest.mark.parametrize("seed", [0, 1])
def test_only_positions_tell_order(seed: int) -> None:
    bag, same = position.judge(position.learn(False, seed))
    assert same == 1
    placed, changed = position.judge(position.learn(True, seed))
    assert placed - bag > 0.15
    assert changed < 0.5


def test_weights_on_the_photograph_sum_to_one_for_every_query() -> None:
    pixels, weights = photograph_weights()
    assert pixels.shape == (400, 600, 3)
    assert torch.allclose(weights.sum((2, 3)), torch.ones(50, 75))
    coffee = weights[18, 37]
    assert coffee[12:24, 26:48].sum() > 0.6  # the espresso itself
