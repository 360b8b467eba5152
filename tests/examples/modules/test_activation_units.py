"""Dead units and zero-mean inputs: what the page claims, over seeds."""

import numpy as np
import pytest
import torch

from examples.modules import activation_dead, activation_zigzag
from examples.modules.activation_dead import low_bias, one_step


@pytest.mark.parametrize("seed", [0, 1])
def test_a_large_step_kills_a_quarter_and_none_of_centered(seed: int) -> None:
    before, after, later = one_step(100.0, centered=False, seed=seed)
    assert after - before > 15 and later >= after
    assert max(one_step(100.0, centered=True, seed=seed)) <= 2
    small = one_step(1.0, centered=False, seed=seed)
    assert small[1] - small[0] <= 1


def test_a_silent_relu_has_gradient_exactly_0_for_ever() -> None:
    data = activation_dead.digits()
    net = activation_dead.network(*activation_dead.curves()["ReLU"])
    activation_dead.descend(net, data, 100.0, 1)
    dead = (net[0](data[0]) < 0).all(dim=0)
    kept = net[0].weight.detach()[dead].clone()
    activation_dead.descend(net, data, 0.3, 40)
    assert dead.sum() > 15
    assert torch.equal(net[0].weight.detach()[dead], kept)


def reached(name: str, bias: float, rounds: int = 10) -> tuple[float, float]:
    curve = activation_dead.contenders()[name]
    gradient, reached = low_bias(*curve, bias, rounds, seed=1)
    return gradient, reached[-1]


def test_who_wakes_up() -> None:
    """Another seed than the printed one."""
    for bias in (-2.0, -4.0):
        gradient, learned = reached("ReLU", bias, rounds=2)
        assert gradient == 0 and learned < 0.2
    gradient, learned = reached("LeakyReLU", -2.0)
    assert gradient > 0 and learned < 0.5  # alive, and far too slow
    assert reached("LeakyReLU 0.2", -4.0)[1] > 0.8
    assert reached("ELU", -4.0)[1] > 0.8
    assert reached("GELU", -2.0)[1] > 0.7
    assert reached("GELU", -4.0)[1] < 0.2
    assert 0 < reached("GELU", -10.0, rounds=0)[0] < 1e-15


def test_positive_inputs_share_the_sign_of_one_sample() -> None:
    for d in (2, 8, 30):
        positive = activation_zigzag.inputs(3200, d, 0.5)
        assert activation_zigzag.same_sign(positive, 1) == 1
    centered = activation_zigzag.inputs(32_000, 8, 0.0)
    expected = 2 * 0.5**8
    assert activation_zigzag.same_sign(centered, 1) == pytest.approx(
        expected, rel=0.3
    )
    batch = activation_zigzag.same_sign(
        activation_zigzag.inputs(32_000, 8, 0.5), 32
    )
    assert 0.3 < batch < 0.6


@pytest.mark.parametrize("d", [2, 8, 64])
def test_condition_number_is_its_closed_form(d: int) -> None:
    for mean, expected in ((0.5, 1 + 3 * d), (0.0, 1), (0.2, 1 + 0.48 * d)):
        x = activation_zigzag.inputs(60_000, d, mean)
        assert activation_zigzag.condition(x) == pytest.approx(
            expected, rel=0.15
        )
    slow = activation_zigzag.descent_steps(
        activation_zigzag.inputs(20_000, d, 0.5)
    )
    fast = activation_zigzag.descent_steps(
        activation_zigzag.inputs(20_000, d, 0.0)
    )
    assert slow > 8 * fast


def test_every_step_of_the_path_is_up_right_or_down_left() -> None:
    steps = np.diff(activation_zigzag.path(0.5, 24), axis=0)
    assert (steps.prod(axis=1) >= 0).all()
    assert (
        np.diff(activation_zigzag.path(0.0, 24), axis=0).prod(axis=1) < 0
    ).any()


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="d is 1; it must be at least 2"):
        activation_zigzag.inputs(3, 1, 0.5)
    data, net = (
        activation_dead.digits(),
        activation_dead.network(*activation_dead.curves()["ReLU"]),
    )
    with pytest.raises(ValueError, match="rate is 0"):
        activation_dead.descend(net, data, 0, 1)
