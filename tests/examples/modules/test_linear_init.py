"""Initial weights equal torch.nn.init's; the variance through the layers."""

import math
from collections.abc import Callable
from types import ModuleType

import pytest
import torch
from torch import nn

from examples.modules import linear_init
from examples.modules.linear_init import settings, through
from tests.mutants import mutate
from tests.parity import gap

INIT = nn.init
SHAPES = ((30, 50), (50, 30), (8, 6, 3, 5))
GAIN = math.sqrt(2)
Fill = Callable[[torch.Tensor], torch.Tensor]
RULES: dict[str, tuple[Callable[[ModuleType], Fill], Fill, str]] = {
    "uniform, Xavier": (
        lambda m: lambda w: m.uniform(w, "xavier", 1.5),
        lambda w: INIT.xavier_uniform_(w, gain=1.5),
        "torch.nn.init.xavier_uniform_",
    ),
    "normal, Xavier": (
        lambda m: lambda w: m.normal(w, "xavier", 1.5),
        lambda w: INIT.xavier_normal_(w, gain=1.5),
        "torch.nn.init.xavier_normal_",
    ),
    "uniform, Kaiming fan_in": (
        lambda m: lambda w: m.uniform(w, "kaiming fan_in", GAIN),
        lambda w: INIT.kaiming_uniform_(w, nonlinearity="relu"),
        "torch.nn.init.kaiming_uniform_",
    ),
    "uniform, Kaiming fan_out": (
        lambda m: lambda w: m.uniform(w, "kaiming fan_out", GAIN),
        lambda w: INIT.kaiming_uniform_(w, mode="fan_out", nonlinearity="relu"),
        "torch.nn.init.kaiming_uniform_",
    ),
    "normal, Kaiming fan_in": (
        lambda m: lambda w: m.normal(w, "kaiming fan_in", GAIN),
        lambda w: INIT.kaiming_normal_(w, nonlinearity="relu"),
        "torch.nn.init.kaiming_normal_",
    ),
    "normal, LeCun": (
        lambda m: lambda w: m.normal(w, "lecun"),
        lambda w: INIT.kaiming_normal_(w, nonlinearity="linear"),
        "torch.nn.init.kaiming_normal_",
    ),
    "uniform, torch": (
        lambda m: lambda w: m.uniform(w, "torch"),
        lambda w: INIT.kaiming_uniform_(w, a=math.sqrt(5)),
        "torch.nn.init.kaiming_uniform_",
    ),
}


def difference(module: ModuleType, rule: str) -> float:
    worst = 0.0
    ours, theirs, _ = RULES[rule]
    for shape in SHAPES:
        torch.manual_seed(0)
        a = ours(module)(torch.empty(shape, dtype=torch.float64))
        torch.manual_seed(0)
        b = theirs(torch.empty(shape, dtype=torch.float64))
        worst = max(worst, gap(a, b))
    return worst


@pytest.mark.parametrize("rule", RULES)
def test_the_same_seed_draws_the_same_weights(
    rule: str, proof: Callable[..., None]
) -> None:
    error = difference(linear_init, rule)
    assert error < 1e-15
    name, _, case = rule.partition(", ")
    proof(
        ours=name,
        reference=RULES[rule][2],
        case=f"{case}, {len(SHAPES)} shapes, same seed",
        kind="init",
        forward=error,
    )


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (
            "2 * gain**2 / (fan_in + fan_out)",
            "gain**2 / (fan_in + fan_out)",
            "uniform, Xavier",
        ),
        ('"lecun": 1 / fan_in', '"lecun": 1 / fan_out', "normal, LeCun"),
        (
            '"kaiming fan_in": gain**2 / fan_in',
            '"kaiming fan_in": gain / fan_in',
            "normal, Kaiming fan_in",
        ),
        ("gain**2 / fan_out", "gain**2 / fan_in", "uniform, Kaiming fan_out"),
        (
            "math.sqrt(3 * variance",
            "math.sqrt(variance",
            "uniform, Kaiming fan_in",
        ),
        ("weight[0, 0].numel()", "1", "normal, Xavier"),
        (
            "weight.shape[1] * window, weight.shape[0] * window",
            "weight.shape[0] * window, weight.shape[1] * window",
            "normal, LeCun",
        ),
        ("1 / (3 * fan_in)", "1 / fan_in", "uniform, torch"),
    ],
)
def test_init_notices_the_mutant(old: str, new: str, rule: str) -> None:
    assert difference(mutate(linear_init, old, new), rule) > 1e-3


def test_a_new_linear_layer_is_uniform_on_one_over_root_d() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(40, 1000)
    torch.manual_seed(0)
    ours = linear_init.uniform(torch.empty(1000, 40), "torch")
    assert gap(layer.weight.detach(), ours) < 1e-7
    for tensor in (layer.weight, layer.bias):
        assert 0.99 < float(tensor.detach().abs().max()) * math.sqrt(40) <= 1


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_thirty_layers_follow_the_formula(seed: int) -> None:
    for kind, gain, factor in settings().values():
        for series in through(kind, gain, [256] * 31, seed):
            end = series[-1] if series[-1] != series[0] else series[0]
            ends = (series[0], end)
            measured = math.log10(max(ends, key=lambda v: abs(math.log10(v))))
            assert measured == pytest.approx(30 * math.log10(factor), abs=0.7)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_only_first_and_last_width_decide_between_the_fans(seed: int) -> None:
    taper = [512, 448, 384, 320, 256, 192, 128, 64]
    scales = {
        kind: through(kind, GAIN, taper, seed)
        for kind in ("kaiming fan_in", "kaiming fan_out", "xavier")
    }
    root = math.sqrt(512 / 64)
    a, b = scales["kaiming fan_in"], scales["kaiming fan_out"]
    assert a[0][-1] == pytest.approx(1, rel=0.25)
    assert a[1][0] == pytest.approx(1 / root, rel=0.25)
    assert b[0][-1] == pytest.approx(root, rel=0.25)
    assert b[1][0] == pytest.approx(1, rel=0.25)
    assert b[0][-1] / a[0][-1] == pytest.approx(root, rel=1e-9)  # telescoped
    assert a[0][-1] < scales["xavier"][0][-1] < b[0][-1]


def test_through_is_autograd_by_hand() -> None:
    outputs, gradients = through("lecun", 1.0, [8, 6, 5], seed=3)
    torch.manual_seed(3)
    x = torch.randn(128, 8, dtype=torch.float64).requires_grad_()
    y = x
    for d, k in ((8, 6), (6, 5)):
        w = torch.empty(k, d, dtype=torch.float64).normal_(0, d**-0.5)
        y = (y @ w.T).relu()
    (dx,) = torch.autograd.grad(y, x, torch.randn_like(y))
    scale = float(dx.square().mean().sqrt())
    assert gradients[0] == pytest.approx(scale, rel=1e-12)
    end = float(y.detach().square().mean().sqrt())
    assert outputs[-1] == pytest.approx(end, rel=1e-12)


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match=r"weight is \(3,\); it must have 2"):
        linear_init.fans(torch.ones(3))
    with pytest.raises(ValueError, match="kind is 'he'; it must be in"):
        linear_init.variance(torch.ones(3, 3), "he")
