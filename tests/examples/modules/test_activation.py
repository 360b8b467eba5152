"""Ten activations against torch.nn: values, derivatives, extreme inputs."""

import math
from collections.abc import Callable
from functools import partial
from types import ModuleType

import mpmath
import pytest
import torch
from torch import Tensor, nn

from examples.modules import activation, activation_modules
from examples.modules.activation import curves, gelu, gelu_tanh, softplus
from examples.modules.activation_modules import GLU, Activation
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap

pytestmark = [
    pytest.mark.usefixtures("float64"),
    pytest.mark.filterwarnings("ignore:Converting a tensor"),  # gap()
]
Pair = tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]

# ours, theirs, reference by name, case. Softplus of torch gives up its own
# formula beyond threshold=20 (a test below), so it gets a larger threshold.
CASES: dict[str, tuple[Callable[[ModuleType], Pair], nn.Module, str, str]] = {
    "sigmoid": (
        lambda m: (m.sigmoid, m.sigmoid_slope),
        nn.Sigmoid(),
        "torch.nn.Sigmoid",
        "",
    ),
    "tanh": (lambda m: (m.tanh, m.tanh_slope), nn.Tanh(), "torch.nn.Tanh", ""),
    "relu": (lambda m: (m.relu, m.relu_slope), nn.ReLU(), "torch.nn.ReLU", ""),
    "leaky_relu": (
        lambda m: (
            partial(m.leaky_relu, alpha=0.2),
            partial(m.leaky_relu_slope, alpha=0.2),
        ),
        nn.LeakyReLU(0.2),
        "torch.nn.LeakyReLU",
        "alpha 0.2",
    ),
    "leaky_relu default": (
        lambda m: (m.leaky_relu, m.leaky_relu_slope),
        nn.LeakyReLU(),
        "torch.nn.LeakyReLU",
        "default",
    ),
    "softplus": (
        lambda m: (m.softplus, m.softplus_slope),
        nn.Softplus(threshold=40),
        "torch.nn.Softplus",
        "threshold 40",
    ),
    "softplus beta": (
        lambda m: (
            partial(m.softplus, beta=3.0),
            partial(m.softplus_slope, beta=3.0),
        ),
        nn.Softplus(beta=3.0, threshold=40),
        "torch.nn.Softplus",
        "beta 3, threshold 40",
    ),
    "elu": (lambda m: (m.elu, m.elu_slope), nn.ELU(), "torch.nn.ELU", ""),
    "elu alpha": (
        lambda m: (
            partial(m.elu, alpha=0.7),
            partial(m.elu_slope, alpha=0.7),
        ),
        nn.ELU(0.7),
        "torch.nn.ELU",
        "alpha 0.7",
    ),
    "selu": (lambda m: (m.selu, m.selu_slope), nn.SELU(), "torch.nn.SELU", ""),
    "swish": (
        lambda m: (m.swish, m.swish_slope),
        nn.SiLU(),
        "torch.nn.SiLU",
        "",
    ),
    "gelu": (
        lambda m: (m.gelu, m.gelu_slope),
        nn.GELU(),
        "torch.nn.GELU",
        "exact",
    ),
    "gelu_tanh": (
        lambda m: (m.gelu_tanh, m.gelu_tanh_slope),
        nn.GELU(approximate="tanh"),
        "torch.nn.GELU",
        "tanh",
    ),
}


def ordinary() -> Tensor:
    return torch.cat([3 * torch.randn(3000), torch.linspace(-45, 45, 3001)])


def extreme() -> Tensor:
    return torch.tensor([-1e4, -100.0, -0.0, 0.0, 100.0, 1e4])


def parity(module: ModuleType, name: str) -> dict[str, float]:
    ours, theirs, *_ = CASES[name]
    layer = Activation(*ours(module))
    worst = {"forward": 0.0, "gradient": 0.0}
    for x in (ordinary(), extreme(), torch.randn(2, 3, 4)):
        for kind, value in differences(layer, theirs, [x]).items():
            worst[kind] = max(worst[kind], value)
    return worst


@pytest.mark.parametrize("name", CASES)
def test_equals_torch(name: str, proof: Callable[..., None]) -> None:
    measured = parity(activation, name)
    assert max(measured.values()) < TOLERANCE, measured
    _, _, reference, case = CASES[name]
    proof(
        ours=name.split()[0],
        reference=reference,
        case=(case + ", " if case else "") + "up to ±1e4",
        **measured,
    )


MUTANTS = {
    "sigmoid of -x": (
        "torch.where(x >= 0, 1.0, e)",
        "torch.where(x < 0, 1.0, e)",
        ["sigmoid"],
    ),
    "sigmoid's slope without 1 - s": (
        "sigmoid(x) * sigmoid(-x)",
        "sigmoid(x)",
        ["sigmoid"],
    ),
    "tanh of x / 2": (
        "torch.exp(-2 * x.abs())",
        "torch.exp(-x.abs())",
        ["tanh"],
    ),
    "tanh's slope without the square": (
        "1 - tanh(x) ** 2",
        "1 - tanh(x)",
        ["tanh"],
    ),
    "ReLU's slope at 0 is 1": ("return (x > 0)", "return (x >= 0)", ["relu"]),
    "LeakyReLU at 0 like x > 0": (
        "torch.where(x > 0, 1.0, torch.full_like",
        "torch.where(x >= 0, 1.0, torch.full_like",
        ["leaky_relu"],
    ),
    "another default alpha": (
        "alpha: float = 0.01",
        "alpha: float = 0.0101",
        ["leaky_relu default"],
    ),
    "softplus forgets to divide by beta": (
        "(-beta * x.abs())) / beta",
        "(-beta * x.abs()))",
        ["softplus beta"],
    ),
    "softplus with exp of x": (
        "torch.log1p(torch.exp(-beta * x.abs())) / beta",
        "torch.log1p(torch.exp(beta * x)) / beta - relu(x)",
        ["softplus"],
    ),
    "softplus' slope forgets beta": (
        "sigmoid(beta * x)",
        "sigmoid(x)",
        ["softplus beta"],
    ),
    "ELU's slope forgets alpha": (
        "1.0, alpha * torch.exp(",
        "1.0, torch.exp(",
        ["elu alpha", "selu"],
    ),
    "ELU's value forgets alpha": (
        "alpha * torch.expm1(below)",
        "torch.expm1(below)",
        ["elu alpha", "selu"],
    ),
    "SELU rounded to four digits": (
        "SELU_SCALE = 1.0507009873554805",
        "SELU_SCALE = 1.0507",
        ["selu"],
    ),
    "SELU's slope without the scale": (
        "return SELU_SCALE * elu_slope",
        "return elu_slope",
        ["selu"],
    ),
    "Swish's slope forgets x s'": (
        "return sigmoid(x) + gated(x, sigmoid_slope(x))",
        "return sigmoid(x)",
        ["swish"],
    ),
    "Swish with 1.702 x": (
        "return gated(x, sigmoid(x))",
        "return gated(x, sigmoid(1.702 * x))",
        ["swish"],
    ),
    "GELU's density without the root": (
        "torch.exp(-x * x / 2) / math.sqrt(2 * math.pi)",
        "torch.exp(-x * x / 2)",
        ["gelu"],
    ),
    "GELU with the wrong scale": ("-x / math.sqrt(2)", "-x / 2", ["gelu"]),
    "exact GELU by tanh": (
        "return gated(x, normal_cdf(x))",
        "return gelu_tanh(x)",
        ["gelu"],
    ),
    "tanh GELU with 0.0447": (
        "0.044715 * x**3",
        "0.0447 * x**3",
        ["gelu_tanh"],
    ),
    "tanh GELU's slope without the 3": (
        "1 + 3 * 0.044715",
        "1 + 0.044715",
        ["gelu_tanh"],
    ),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_parity_notices_the_mutant(mutation: str) -> None:
    old, new, names = MUTANTS[mutation]
    mutant = mutate(activation, old, new)
    for name in names:
        assert max(parity(mutant, name).values()) > TOLERANCE


def glu_parity(module: ModuleType, dim: int) -> dict[str, float]:
    x = 5 * torch.randn(4, 6, 8)
    x[0, 0] = torch.tensor([1e3, -1e3] * 4)
    return differences(module.GLU(dim), nn.GLU(dim), [x])


def test_glu_equals_torch(proof: Callable[..., None]) -> None:
    worst = {"forward": 0.0, "gradient": 0.0}
    for dim in (0, 1, 2, -1, -2):
        for kind, value in glu_parity(activation_modules, dim).items():
            worst[kind] = max(worst[kind], value)
    assert max(worst.values()) < TOLERANCE
    proof(
        ours="GLU",
        reference="torch.nn.GLU",
        case="5 axes, up to ±1e3",
        **worst,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x.chunk(2, dim)", "x.chunk(2, dim)[::-1]"),
        ("a * sigmoid(b)\n", "a * sigmoid(a)\n"),
        ("dy * sigmoid(b), dy * a", "dy * sigmoid(b), dy"),
        ("dy * a * sigmoid_slope(b)", "dy * a * sigmoid(b)"),
        ("dim: int = -1", "dim: int = 1"),
    ],
)
def test_glu_notices_the_mutant(old: str, new: str) -> None:
    mutant = mutate(activation_modules, old, new)
    shape = mutant.GLU()(torch.randn(4, 6, 8)).shape
    other = shape != (4, 6, 4)
    assert other or max(glu_parity(mutant, -1).values()) > TOLERANCE


def test_ends_are_the_limits_where_torch_has_nan() -> None:
    ends = torch.tensor([-math.inf, math.inf])
    limits = {  # f(-inf), f'(-inf), f'(inf); f(inf) is 1 or inf
        "Sigmoid": (0, 0, 0),
        "Tanh": (-1, 0, 0),
        "ReLU": (0, 0, 1),
        "LeakyReLU": (-math.inf, 0.01, 1),
        "SoftPlus": (0, 0, 1),
        "ELU": (-1, 0, 1),
        "SELU": (-1.7580993408473766, 0, 1.0507009873554805),
        "Swish": (0, 0, 1),
        "GELU": (0, 0, 1),
        "GELU tanh": (0, 0, 1),
    }
    for name, (value, slope) in curves().items():
        low, below, above = limits[name]
        assert gap(value(ends)[:1], torch.tensor([float(low)])) < 1e-15
        assert value(ends)[1] == (
            1 if name in ("Sigmoid", "Tanh") else math.inf
        )
        assert slope(ends).tolist() == [below, above]
    for theirs in (nn.SiLU(), nn.GELU(), nn.GELU(approximate="tanh")):
        x = ends.clone().requires_grad_()
        y = theirs(x)
        (gradient,) = torch.autograd.grad(y.sum(), x)
        assert y[0].isnan() and gradient.isnan().all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_nothing_overflows(dtype: torch.dtype) -> None:
    largest = torch.finfo(dtype).max
    x = torch.tensor([-largest, -1e4, -100, 0, 100, 1e4, largest], dtype=dtype)
    for name, (value, slope) in curves().items():
        y, dy = value(x[1:-1]), slope(x[1:-1])
        assert y.isfinite().all() and dy.isfinite().all(), name
        assert not value(x).isnan().any() and not slope(x).isnan().any(), name
        assert y.dtype == dy.dtype == dtype


@pytest.mark.parametrize("name", list(curves()))
def test_slope_is_the_derivative_in_50_digits(name: str) -> None:
    """Not torch, not autograd: mpmath differentiates the textbook formula."""
    e, half = mpmath.exp, mpmath.mpf(1) / 2
    cube = mpmath.mpf("0.044715")
    alpha, scale = activation.SELU_ALPHA, activation.SELU_SCALE
    root = mpmath.sqrt(2 / mpmath.pi)
    formula = {
        "Sigmoid": lambda x: 1 / (1 + e(-x)),
        "Tanh": mpmath.tanh,
        "ReLU": lambda x: max(x, mpmath.mpf(0)),
        "LeakyReLU": lambda x: x if x > 0 else 0.01 * x,
        "SoftPlus": lambda x: mpmath.log(1 + e(x)),
        "ELU": lambda x: x if x > 0 else e(x) - 1,
        "SELU": lambda x: scale * (x if x > 0 else alpha * (e(x) - 1)),
        "Swish": lambda x: x / (1 + e(-x)),
        "GELU": lambda x: x * mpmath.ncdf(x),
        "GELU tanh": lambda x: (
            half * x * (1 + mpmath.tanh(root * (x + cube * x**3)))
        ),
    }[name]
    value, slope = curves()[name]
    with mpmath.workdps(50):
        for x in (-30.0, -7.5, -1.0, -0.25, 0.125, 1.0, 3.0, 21.0):
            at, point = mpmath.mpf(x), torch.tensor(x)
            assert float(value(point)) == pytest.approx(
                float(formula(at)), rel=1e-12
            )
            exact = float(mpmath.diff(formula, at))
            assert float(slope(point)) == pytest.approx(
                exact, rel=1e-11, abs=1e-15
            )


def test_erfc_keeps_the_small_values_that_torch_rounds_to_0() -> None:
    x = torch.tensor([-9.0, -30.0])
    assert (gelu(x) < 0).all() and (nn.GELU()(x) == 0).all()


def test_torch_softplus_drops_its_tail_beyond_20() -> None:
    x = torch.tensor([19.999, 20.001])
    gaps = softplus(x) - nn.Softplus()(x)
    assert abs(gaps[0]) < 1e-14 and 2.0e-9 < gaps[1] < 2.1e-9


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0, 20.0, 1e3])
def test_softplus_closes_in_on_relu_by_log_2_over_beta(beta: float) -> None:
    x = torch.linspace(-5, 5, 2001)
    above = softplus(x, beta) - x.clamp(min=0)
    assert (above >= 0).all()
    assert above.argmax() == 1000  # at x = 0
    assert float(above.max()) == pytest.approx(math.log(2) / beta, rel=1e-12)


def test_sigmoid_slope_is_a_quarter_at_most_and_swish_dips_below_0() -> None:
    x = torch.linspace(-20, 20, 40001)
    assert float(activation.sigmoid_slope(x).max()) == 0.25
    for f, low in ((activation.swish, -0.2785), (gelu, -0.17)):
        assert float(f(x).min()) == pytest.approx(low, abs=1e-3)
    assert 4e-4 < float((gelu_tanh(x) - gelu(x)).abs().max()) < 5e-4


def test_autograd_of_our_formulas_gives_the_slopes_beside_them() -> None:
    x = torch.linspace(-6, 6, 240).requires_grad_()  # no point at 0
    for name, (value, slope) in curves().items():
        (gradient,) = torch.autograd.grad(value(x).sum(), x)
        assert gap(gradient, slope(x.detach())) < 1e-13, name


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: softplus(torch.ones(2), 0.0), "beta is 0.0; it must be pos"),
        (lambda: softplus(torch.ones(2), math.nan), "beta is nan"),
        (lambda: GLU()(torch.ones(2, 5)), r"x is \(2, 5\); dim = -1 must"),
        (lambda: GLU(3)(torch.ones(2, 4)), r"x is \(2, 4\); dim = 3 must"),
        (
            lambda: Activation(*curves()["ReLU"])(torch.arange(3)),
            "x is torch.int64; it must be floating point",
        ),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
