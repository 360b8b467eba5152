"""Gains, fixed points and fifty layers: what the page says of scales."""

import math

import pytest
import torch
from torch import nn

from examples.modules import activation, activation_depth, activation_gain
from examples.modules.activation import curves, selu
from examples.modules.activation_depth import travel
from examples.modules.activation_gain import gain, layer_moments, normal_mean
from tests.mutants import mutate


def test_gains_are_their_closed_forms() -> None:
    gains = {name: gain(value) for name, (value, _) in curves().items()}
    assert gains["ReLU"] == pytest.approx(math.sqrt(2), abs=1e-6)
    leaky = math.sqrt(2 / (1 + 0.01**2))
    assert gains["LeakyReLU"] == pytest.approx(leaky, abs=1e-6)
    assert gains["SELU"] == pytest.approx(1, abs=1e-6)
    for name, known in (("ReLU", "relu"), ("LeakyReLU", "leaky_relu")):
        theirs = nn.init.calculate_gain(known)
        assert gains[name] == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize("name", list(curves()))
def test_means_and_gains_by_random_numbers(name: str) -> None:
    z = torch.randn(400_000, generator=torch.Generator().manual_seed(0))
    for f in curves()[name]:
        assert normal_mean(f) == pytest.approx(float(f(z).mean()), abs=0.01)
        again = float(f(z).square().mean()) ** -0.5
        assert gain(f) == pytest.approx(again, rel=0.01)


def test_selu_constants_are_torchs(proof) -> None:
    alpha, scale = activation_gain.selu_constants()
    ends = torch.tensor([1.0, -math.inf], dtype=torch.float64)
    up, down = nn.SELU()(ends).tolist()
    error = max(abs(up - scale), abs(down + scale * alpha))
    assert error < 1e-12
    proof(
        ours="selu_constants",
        reference="torch.nn.SELU",
        case="λ and λα from the two equations",
        forward=error,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(1 / 2 - once)", "(1 - once)"),
        ("twice - 2 * once + 1 / 2", "twice - once + 1 / 2"),
        ("below(-2)", "below(-1)"),
        ("square**-0.5", "square**-1"),
        ("math.exp(1 / 2)", "math.exp(1)"),
    ],
)
def test_selu_constants_notice_the_mutant(old: str, new: str) -> None:
    alpha, scale = mutate(activation_gain, old, new).selu_constants()
    off = abs(alpha - activation.SELU_ALPHA) + abs(
        scale - activation.SELU_SCALE
    )
    assert off > 1e-3


def test_selu_has_an_attracting_fixed_point() -> None:
    assert layer_moments(selu, 0, 1) == pytest.approx((0, 1), abs=1e-6)
    for var in (0.1, 0.5, 2.0, 4.0):
        _, after = layer_moments(selu, 0, var)
        assert abs(after - 1) < abs(var - 1)
    for mean in (-1.0, 0.5, 1.0):
        for _ in range(60):
            mean, var = activation_gain.next_layer(mean, 0.3 if _ == 0 else var)
        assert (mean, var) == pytest.approx((0, 1), abs=1e-3)


def powers(name: str, factor: float, seed: int) -> tuple[float, float]:
    outputs, gradients = travel(*curves()[name], factor, seed=seed)
    return math.log10(outputs[-1]), math.log10(gradients[0])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_fifty_layers(seed: int) -> None:
    """The page's bounds, powers of ten over 50 layers."""
    relu_low, relu_back = powers("ReLU", 1.0, seed)
    assert relu_low == pytest.approx(-25 * math.log10(2), abs=1)
    assert relu_back == pytest.approx(-25 * math.log10(2), abs=1)
    assert abs(powers("ReLU", math.sqrt(2), seed)[0]) < 1
    assert powers("ReLU", 2.0, seed)[1] == pytest.approx(7.5, abs=1)
    gelu = powers("GELU", 1.0, seed)
    assert gelu == pytest.approx((-14.7, -14.7), abs=0.6)
    assert gelu[0] > -50 * math.log10(2)
    sigmoid = powers("Sigmoid", 1.0, seed)
    assert sigmoid[1] < -50 * math.log10(4)
    backward_gain = gain(curves()["Sigmoid"][1])
    assert powers("Sigmoid", backward_gain, seed)[1] < -6
    tanh = powers("Tanh", 1.0, seed)
    assert tanh == pytest.approx((-1, -1), abs=0.2)  # 1 / sqrt(2 * 50)
    tanh = powers("Tanh", 2.0, seed)
    assert abs(tanh[0]) < 0.3 and tanh[1] > 2
    selu_out, selu_back = powers("SELU", 1.0, seed)
    assert abs(selu_out) < 0.2 and 0 < selu_back < 1.3
    for name in ("GELU", "Swish"):
        value, _ = curves()[name]
        assert powers(name, gain(value), seed)[0] > 1  # creeps up


@pytest.mark.parametrize("name", ["Tanh", "GELU"])
def test_travel_is_autograd_by_hand(name: str) -> None:
    value, slope = curves()[name]
    outputs, gradients = travel(value, slope, 1.3, depth=4, width=9, seed=5)
    random = torch.Generator().manual_seed(5)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=random, dtype=torch.float64)

    x = normal(64, 9).requires_grad_()
    layers = [x]
    for _ in range(4):
        layers.append(value(layers[-1] @ (normal(9, 9) * 1.3 / 3).T))
    (dx,) = torch.autograd.grad(layers[-1], x, normal(64, 9))
    assert gradients[0] == pytest.approx(
        float(dx.square().mean().sqrt()), rel=1e-12
    )
    last = float(layers[-1].detach().square().mean().sqrt())
    assert outputs[-1] == pytest.approx(last, rel=1e-12)


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="depth is 0, width 128"):
        activation_depth.travel(*curves()["ReLU"], 1.0, depth=0)
    with pytest.raises(ValueError, match="var is 0"):
        normal_mean(selu, var=0)
