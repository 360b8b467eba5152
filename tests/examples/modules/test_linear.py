"""The linear layer against torch: values, gradients, convolutions, costs."""

from collections.abc import Callable
from types import ModuleType

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from examples.modules import linear
from examples.modules.linear import FlattenLinear, Linear, Pointwise
from tests.mutants import mutate
from tests.parity import (
    TOLERANCE,
    differences,
    gap,
    module_differences,
    randomize,
)

pytestmark = [
    pytest.mark.usefixtures("float64"),
    pytest.mark.filterwarnings("ignore:Converting a tensor"),  # gap()
]
NAMES = {"weight": "weight", "bias": "bias"}


def as_linear(module: ModuleType, bias: bool = True) -> dict[str, float]:
    worst = {"forward": 0.0, "gradient": 0.0}
    names = NAMES if bias else {"weight": "weight"}
    for shape in ((7,), (1, 7), (5, 7), (2, 3, 7), (2, 3, 4, 7), (0, 7)):
        pair = module.Linear(7, 4, bias), nn.Linear(7, 4, bias)
        for kind, value in module_differences(
            *pair, [torch.randn(shape)], names
        ).items():
            worst[kind] = max(worst[kind], value)
    return worst


def as_pointwise(module: ModuleType) -> dict[str, float]:
    pair = module.Pointwise(6, 4), nn.Conv2d(6, 4, 1)
    return module_differences(*pair, [torch.randn(2, 6, 5, 3)], NAMES)


def as_head(module: ModuleType) -> dict[str, float]:
    """A convolution as large as the map; its output is (b, k, 1, 1)."""
    ours, conv = module.FlattenLinear(3, 4, 5, 6), nn.Conv2d(3, 6, (4, 5))
    randomize(ours)
    assert ours.bias is not None and conv.bias is not None
    state = {"weight": ours.kernel().detach(), "bias": ours.bias.detach()}
    conv.load_state_dict(state)
    pairs = [(ours.weight, conv.weight), (ours.bias, conv.bias)]
    x = torch.randn(2, 3, 4, 5)
    return differences(ours, lambda v: conv(v).flatten(1), [x], pairs)


CASES = {
    "Linear": (as_linear, "torch.nn.Linear", "6 shapes, 1 to 4 axes"),
    "Linear, no bias": (
        lambda m: as_linear(m, bias=False),
        "torch.nn.Linear",
        "no bias",
    ),
    "Pointwise": (as_pointwise, "torch.nn.Conv2d", "1 × 1 kernel"),
    "FlattenLinear": (as_head, "torch.nn.Conv2d", "kernel as large as the map"),
}


@pytest.mark.parametrize("name", CASES)
def test_equals_torch(name: str, proof: Callable[..., None]) -> None:
    measure, reference, case = CASES[name]
    measured = measure(linear)
    assert max(measured.values()) < TOLERANCE
    ours = name.partition(",")[0]
    proof(ours=ours, reference=reference, case=case, kind="layer", **measured)


MUTANTS = {
    "gradient of the bias averaged": (
        "rows.sum(dim=0)",
        "rows.mean(dim=0)",
        "Linear",
    ),
    "gradient of the weight averaged": (
        "dweight = rows.T @",
        "dweight = rows.T / max(len(rows), 1) @",
        "Linear",
    ),
    "only the first rows": (
        "rows.T @ x.reshape(-1, x.shape[-1])",
        "rows[:5].T @ x.reshape(-1, x.shape[-1])[:5]",
        "Linear",
    ),
    "bias forgotten": ("y if bias is None else y + bias", "y", "Linear"),
    "bias subtracted": ("y + bias", "y - bias", "Linear"),
    "gradient of the input by another matrix": (
        "dx = dy @ weight ",
        "dx = dy @ weight.abs() ",
        "Linear, no bias",
    ),
    "gradient of the weight by another input": (
        "rows.T @ x.reshape",
        "rows.T @ x.abs().reshape",
        "Linear, no bias",
    ),
    "channels to the wrong place": (
        "movedim(-1, 1)",
        "movedim(-1, 1).flip(1)",
        "Pointwise",
    ),
    "height and width exchanged": (
        "x.movedim(1, -1)).movedim(-1, 1)",
        "x.movedim(1, -1).flip(1)).movedim(-1, 1)",
        "Pointwise",
    ),
    "flattened with the channels last": (
        "super().forward(x.flatten(1))",
        "super().forward(x.movedim(1, -1).flatten(1))",
        "FlattenLinear",
    ),
    "kernel with the channels last": (
        "self.weight.unflatten(1, self.size)",
        "self.weight.unflatten(1, (*self.size[1:], self.size[0])).movedim(-1, 1)",
        "FlattenLinear",
    ),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_parity_notices_the_mutant(mutation: str) -> None:
    old, new, name = MUTANTS[mutation]
    measured = CASES[name][0](mutate(linear, old, new))
    assert max(measured.values()) > TOLERANCE


def test_products_by_a_loop() -> None:
    layer = Linear(3, 2)
    randomize(layer)
    x, dy = torch.randn(4, 3).requires_grad_(), torch.randn(4, 2)
    y = layer(x)
    dx, dw, db = torch.autograd.grad(y, [x, *layer.parameters()], dy)
    w, b = layer.weight, layer.bias
    assert b is not None
    for n in range(4):
        for i in range(2):
            total = sum(x[n, j] * w[i, j] for j in range(3)) + b[i]
            assert float(y[n, i] - total) == pytest.approx(0, abs=1e-14)
        for j in range(3):
            total = sum(dy[n, i] * w[i, j] for i in range(2))
            assert float(dx[n, j] - total) == pytest.approx(0, abs=1e-14)
    for i in range(2):
        for j in range(3):
            total = sum(dy[n, i] * x[n, j] for n in range(4))
            assert float(dw[i, j] - total) == pytest.approx(0, abs=1e-14)
        assert float(db[i] - sum(dy[:, i])) == pytest.approx(0, abs=1e-14)


def counted(rows: int, d: int, k: int, backward: bool) -> int:
    x = torch.randn(rows, d).requires_grad_()
    with FlopCounterMode(display=False) as counter:
        y = nn.Linear(d, k)(x)
        if backward:
            y.sum().backward()
    return counter.get_total_flops()


SIZES = [(1, 64, 100), (32, 100, 50), (197, 768, 3), (5, 1, 7)]


def test_flops_are_those_of_the_counter(proof: Callable[..., None]) -> None:
    differing = 0
    for sizes in SIZES:
        for backward in (False, True):
            ours = linear.flops(*sizes, backward)
            differing += int(ours != counted(*sizes, backward))
    assert differing == 0
    proof(
        ours="flops",
        reference="torch.utils.flop_counter.FlopCounterMode",
        case=f"{len(SIZES)} sizes, forward and backward",
        kind="count",
        differing=differing,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2 * rows * d * k", "rows * d * k"),
        ("2 * rows * d * k", "2 * rows * d * d"),
        ("(3 if backward", "(2 if backward"),
    ],
)
def test_flops_notice_the_mutant(old: str, new: str) -> None:
    mutant = mutate(linear, old, new)
    assert mutant.flops(32, 100, 50, True) != counted(32, 100, 50, True)


def test_parameters_are_counted_as_torch_counts(
    proof: Callable[..., None],
) -> None:
    differing = 0
    for _, d, k in SIZES:
        for bias in (False, True):
            layer = nn.Linear(d, k, bias)
            theirs = sum(p.numel() for p in layer.parameters())
            differing += int(linear.parameters(d, k, bias) != theirs)
    assert differing == 0
    proof(
        ours="parameters",
        reference="torch.nn.Linear",
        case=f"{len(SIZES)} sizes, with and without bias",
        kind="count",
        differing=differing,
    )


def test_a_head_slides_over_a_larger_map() -> None:
    head = FlattenLinear(3, 4, 4, 5)
    x = torch.randn(2, 3, 6, 7)
    slid = nn.functional.conv2d(x, head.kernel(), head.bias)
    for top in range(3):
        for left in range(4):
            part = x[:, :, top : top + 4, left : left + 4]
            assert gap(head(part), slid[:, :, top, left]) < TOLERANCE


def test_two_linear_layers_without_activation_are_one() -> None:
    first, second = Linear(5, 7), Linear(7, 3)
    x = torch.randn(4, 5)
    assert first.bias is not None and second.bias is not None
    w = second.weight @ first.weight
    b = first.bias @ second.weight.T + second.bias
    assert gap(second(first(x)), x @ w.T + b) < TOLERANCE


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Linear(0, 3), "in_features is 0; it must be positive"),
        (lambda: Linear(3, -1), "out_features is -1"),
        (lambda: Linear(3, 2)(torch.ones(2, 4)), r"x is \(2, 4\); must be"),
        (lambda: Linear(3, 2)(torch.ones(())), r"x is \(\); must be"),
        (
            lambda: Pointwise(3, 2)(torch.ones(1, 4, 2, 2)),
            r"x is \(1, 4, 2, 2\), not \(b, 3, h, w\)",
        ),
        (
            lambda: FlattenLinear(3, 2, 2, 5)(torch.ones(1, 2, 2, 3)),
            r"x is \(1, 2, 2, 3\); not \(b, \(3, 2, 2\)\)",
        ),
        (lambda: linear.flops(0, 3, 2), "rows, d, k are 0, 3, 2"),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
