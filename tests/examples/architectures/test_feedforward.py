"""Forward and backward by hand against autograd, and against numbers alone."""

from collections.abc import Callable
from itertools import pairwise
from types import ModuleType

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import approx_fprime
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from examples.architectures import (
    feedforward,
    feedforward_approximation,
    feedforward_cost,
    feedforward_training,
)
from examples.modules.activation import curves
from tests.mutants import mutate
from tests.parity import TOLERANCE, gap

pytestmark = pytest.mark.usefixtures("float64")
THEIRS = {
    "Sigmoid": nn.Sigmoid(),
    "Tanh": nn.Tanh(),
    "ReLU": nn.ReLU(),
    "LeakyReLU": nn.LeakyReLU(),
    "SoftPlus": nn.Softplus(),
    "ELU": nn.ELU(),
    "SELU": nn.SELU(),
    "Swish": nn.SiLU(),
    "GELU": nn.GELU(),
    "GELU tanh": nn.GELU("tanh"),
}
# rows of x and widths; square ones, where a transpose goes unnoticed
CASES = {
    "one layer": (7, [5, 3]),
    "one hidden layer": (7, [5, 8, 3]),
    "square": (4, [4, 4, 4, 4]),
    "five layers, odd": (6, [3, 7, 5, 9, 1, 4]),
    "one row": (1, [5, 6, 6, 3]),
    "narrow": (5, [1, 1, 1, 2]),
}


def random_layers(widths: list[int]) -> feedforward.Layers:
    return [
        (torch.randn(k, d) / d**0.5, torch.randn(1, k))
        for d, k in pairwise(widths)
    ]


def distributions(rows: int, k: int) -> Tensor:
    """Soft targets: a one-hot target would hide a wrong normalization."""
    return torch.softmax(torch.randn(rows, k), dim=1)


def by_autograd(
    layers: feedforward.Layers, x: Tensor, target: Tensor, name: str, loss: str
) -> tuple[Tensor, list[Tensor]]:
    modules: list[nn.Module] = []
    for w, b in layers:
        layer = nn.Linear(w.shape[1], w.shape[0])
        layer.load_state_dict({"weight": w, "bias": b[0]})
        modules += [layer, THEIRS[name]]
    net, leaf = nn.Sequential(*modules[:-1]), x.clone().requires_grad_()
    theirs = {"cross_entropy": F.cross_entropy, "squared_error": F.mse_loss}
    value = theirs[loss](net(leaf), target)
    return value.detach(), list(
        torch.autograd.grad(value, [*net.parameters(), leaf])
    )


def by_hand(
    m: ModuleType,
    layers: feedforward.Layers,
    x: Tensor,
    target: Tensor,
    name: str,
    loss: str,
) -> tuple[Tensor, list[Tensor]]:
    value, slope = curves()[name]
    inputs, sums = m.forward(layers, x, value)
    error, delta = getattr(m, loss)(sums[-1], target)
    found, dx = m.backward(layers, inputs, sums, delta, slope)
    return error, [*(t for pair in found for t in pair), dx]


def compare(m: ModuleType, loss: str, case: str, name: str) -> dict[str, float]:
    rows, widths = CASES[case]
    layers, x = random_layers(widths), torch.randn(rows, widths[0])
    k = widths[-1]
    target = (
        distributions(rows, k)
        if loss == "cross_entropy"
        else torch.randn(rows, k)
    )
    ours, mine = by_hand(m, layers, x, target, name, loss)
    value, theirs = by_autograd(layers, x, target, name, loss)
    worst = max(
        gap(a.reshape(b.shape), b) for a, b in zip(mine, theirs, strict=True)
    )
    return {"forward": gap(ours, value), "gradient": worst}


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
def test_equals_autograd(loss: str, proof: Callable[..., None]) -> None:
    worst = {"forward": 0.0, "gradient": 0.0}
    for case in CASES:
        for name in THEIRS:
            found = compare(feedforward, loss, case, name)
            worst = {k: max(worst[k], found[k]) for k in worst}
    assert max(worst.values()) < TOLERANCE, worst
    proof(
        ours="backward",
        reference="torch.autograd.grad",
        case=f"{loss}, {len(CASES)} shapes, {len(THEIRS)} activations",
        kind="gradient",
        **worst,
    )


MUTANTS = {
    "delta not transposed": ("delta.mT @ inputs[i]", "delta @ inputs[i]"),
    "dW transposed": ("delta.mT @ inputs[i]", "inputs[i].mT @ delta"),
    "W transposed on the way back": (
        "delta @ layers[i][0]",
        "delta @ layers[i][0].mT",
    ),
    "slope at the layer's own sum": ("slope(sums[i - 1])", "slope(sums[i])"),
    "slope at f(z) instead of z": ("slope(sums[i - 1])", "slope(inputs[i])"),
    "no slope": ("delta * slope(sums[i - 1])", "delta"),
    "the input has a slope, too": (
        "if i > 0:\n            delta = delta * slope(sums[i - 1])",
        "delta = delta * slope(sums[max(i - 1, 0)])",
    ),
    "dW reads the outputs": ("delta.mT @ inputs[i]", "delta.mT @ sums[i]"),
    "bias gradient averaged": ("delta.sum(-2,", "delta.mean(-2,"),
    "bias gradient of one row": (
        "delta.sum(-2, keepdim=True)",
        "delta[:1]",
    ),
    "gradients in the wrong order": ("found[::-1], delta", "found, delta"),
    "delta goes on before dW": (
        "dw = delta.mT @ inputs[i]  # (k, n) (n, d)\n",
        "dw = (delta @ layers[i][0]).mT @ inputs[i]\n",
    ),
    "no bias": ("inputs[-1] @ w.mT + b", "inputs[-1] @ w.mT"),
    "W transposed forward": ("inputs[-1] @ w.mT", "inputs[-1] @ w"),
    "activation on the input": (
        "value(sums[-1]) if sums else x",
        "value(sums[-1]) if sums else value(x)",
    ),
    "no 1/n in delta": ("(log_p.exp() - target) / n", "log_p.exp() - target"),
    "no 1/n in the loss": ("sum((-2, -1)) / n", "sum((-2, -1))"),
    "y - p": ("log_p.exp() - target", "target - log_p.exp()"),
    "log p for p": ("(log_p.exp() - target)", "(log_p - target)"),
    "softmax over rows": (
        "shifted.exp().sum(-1, keepdim=True)",
        "shifted.exp().sum(-2, keepdim=True)",
    ),
    "2 forgotten in MSE": ("2 * difference / entries", "difference / entries"),
    "MSE over rows only": (
        "z.shape[-2] * z.shape[-1]",
        "z.shape[-2]",
    ),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_comparison_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(feedforward, *MUTANTS[mutation])
    gaps = []
    for loss in ("cross_entropy", "squared_error"):
        for case in CASES:
            try:
                found = compare(mutant, loss, case, "Swish")
            except (RuntimeError, IndexError):
                found = {"raised": float("inf")}
            gaps.append(max(found.values()))
    assert max(gaps) > 1e-6


@pytest.mark.parametrize("mutation", ["delta not transposed", "dW transposed"])
def test_square_layers_hide_a_transpose_from_the_shapes(mutation: str) -> None:
    """A transpose that no shape forbids must be caught by its numbers."""
    mutant = mutate(feedforward, *MUTANTS[mutation])
    found = compare(mutant, "cross_entropy", "square", "Tanh")
    assert found["gradient"] > 1e-3


def test_without_the_shift_large_logits_overflow() -> None:
    z = torch.tensor([[1000.0, 0.0, -1000.0]])
    target = torch.eye(3)[1:2]
    loss, delta = feedforward.cross_entropy(z, target)
    assert loss == 1000
    assert torch.equal(delta, torch.tensor([[1.0, -1.0, 0.0]]))
    mutant = mutate(feedforward, "z - z.amax(-1, keepdim=True)", "z")
    assert not mutant.cross_entropy(z, target)[0].isfinite()


# A second truth without autograd: numbers pushed a little, twice.
def complex_loss(flat: np.ndarray, widths: list[int], x: np.ndarray) -> complex:
    """Tanh network and cross-entropy in NumPy, analytic in every weight."""
    at, a = 0, x
    for layer, (d, k) in enumerate(pairwise(widths)):
        w = flat[at : at + k * d].reshape(k, d)
        b = flat[at + k * d : at + k * d + k]
        at += k * d + k
        z = a @ w.T + b
        a = np.tanh(z) if layer < len(widths) - 2 else z
    target = np.eye(widths[-1])[np.arange(len(x)) % widths[-1]]
    log_p = a - np.log(np.exp(a).sum(1, keepdims=True))
    return -(target * log_p).sum() / len(x)


def test_equals_the_complex_step(proof: Callable[..., None]) -> None:
    """Im L(w + ih) / h has no cancellation, so h may be 1e-30."""
    widths, worst = [4, 6, 5, 3], {"forward": 0.0, "gradient": 0.0}
    layers, x = random_layers(widths), torch.randn(7, 4)
    target = torch.eye(3)[torch.arange(7) % 3]
    loss, found = by_hand(
        feedforward, layers, x, target, "Tanh", "cross_entropy"
    )
    mine = torch.cat([g.flatten() for g in found[:-1]])
    flat = torch.cat([t.flatten() for pair in layers for t in pair]).numpy()
    steps = np.eye(len(flat)) * 1e-30j
    theirs = [
        complex_loss(flat + step, widths, x.numpy()).imag / 1e-30
        for step in steps
    ]
    worst["forward"] = abs(float(loss) - complex_loss(flat, widths, x.numpy()))
    worst["gradient"] = gap(mine, torch.tensor(theirs))
    assert max(worst.values()) < TOLERANCE
    proof(
        ours="backward",
        reference="numpy.imag",
        case="cross_entropy, complex step",
        kind="gradient",
        **worst,
    )


def nudged(
    tensor: Tensor,
    layers: feedforward.Layers,
    x: Tensor,
    target: Tensor,
    *how: str,
) -> Tensor:
    """The gradient of one tensor by nudging each of its entries."""
    (name, loss), before = how, tensor.clone()

    def error(flat: np.ndarray) -> float:
        tensor.copy_(torch.tensor(flat).view_as(tensor))
        sums = feedforward.forward(layers, x, curves()[name][0])[1]
        return float(getattr(feedforward, loss)(sums[-1], target)[0])

    found = approx_fprime(before.flatten().numpy(), error, 1e-7)
    tensor.copy_(before)
    return torch.tensor(found).view_as(tensor)


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
def test_equals_finite_differences(
    loss: str, proof: Callable[..., None]
) -> None:
    smooth = [name for name in THEIRS if name not in ("ReLU", "LeakyReLU")]
    worst = 0.0
    for name in smooth:
        layers, x = random_layers([3, 4, 4, 2]), torch.randn(5, 3)
        target = distributions(5, 2)
        tensors = [*(t for pair in layers for t in pair), x]
        _, found = by_hand(feedforward, layers, x, target, name, loss)
        for tensor, gradient in zip(tensors, found, strict=True):
            measured = nudged(tensor, layers, x, target, name, loss)
            worst = max(worst, gap(measured, gradient))
    assert worst < 1e-6
    proof(
        ours="backward",
        reference="scipy.optimize.approx_fprime",
        case=f"{loss}, {len(smooth)} activations",
        kind="gradient",
        gradient=worst,
    )


def test_many_networks_side_by_side_are_the_single_ones() -> None:
    single = [random_layers([4, 6, 3]) for _ in range(5)]
    stack = feedforward.side_by_side(single)
    x, target = torch.randn(7, 4), distributions(7, 3)
    losses, found = by_hand(
        feedforward, stack, x, target, "GELU", "cross_entropy"
    )
    for s, layers in enumerate(single):
        loss, alone = by_hand(
            feedforward, layers, x, target, "GELU", "cross_entropy"
        )
        assert gap(losses[s], loss) < TOLERANCE
        for many, one in zip(found, alone, strict=True):
            assert gap(many[s], one) < TOLERANCE


@given(
    st.lists(st.floats(-50, 50), min_size=2, max_size=6),
    st.integers(0, 5),
    st.floats(-100, 100),
)
def test_delta_of_softmax_and_cross_entropy(
    logits: list[float], label: int, shift: float
) -> None:
    """p - y: it adds up to 0, lies in [-1, 1] and ignores a common shift."""
    z = torch.tensor([logits], dtype=torch.float64)
    k = z.shape[1]
    target = torch.eye(k, dtype=torch.float64)[[label % k]]
    loss, delta = feedforward.cross_entropy(z, target)
    assert abs(float(delta.sum())) < TOLERANCE
    assert delta.abs().max() <= 1
    others = torch.arange(k) != label % k
    assert (delta[0, others] >= 0).all() and delta[0, label % k] <= 0
    moved, same = feedforward.cross_entropy(z + shift, target)
    assert abs(float(loss - moved)) < 1e-11
    assert gap(delta, same) < 1e-11


def test_delta_is_also_what_the_jacobian_of_softmax_gives() -> None:
    """-y / p through diag(p) - p p^T is p - y, by the long way around."""
    z, target = torch.randn(1, 5), distributions(1, 5)
    p = torch.softmax(z, dim=1)[0]
    jacobian = p.diag() - p[:, None] * p
    _, delta = feedforward.cross_entropy(z, target)
    assert gap((-target[0] / p) @ jacobian, delta[0]) < TOLERANCE


def test_squared_error_after_softmax_lets_a_wrong_answer_be() -> None:
    """Its gradient has the factor p (1 - p); cross-entropy's has not."""
    z = torch.tensor([[10.0, -10.0]], requires_grad=True)
    y = torch.tensor([[0.0, 1.0]])
    (weak,) = torch.autograd.grad(F.mse_loss(torch.softmax(z, 1), y), z)
    _, delta = feedforward.cross_entropy(z.detach(), y)
    assert delta.abs().max() > 0.999
    assert weak.abs().max() < 1e-8


def sgd_gap(m: ModuleType) -> float:
    """Twenty steps of ours and of torch, on other rows every time."""
    layers = random_layers([5, 7, 6, 3])
    modules = []
    for w, b in layers:
        layer = nn.Linear(w.shape[1], w.shape[0])
        layer.load_state_dict({"weight": w.clone(), "bias": b[0].clone()})
        modules += [layer, nn.ReLU()]
    net = nn.Sequential(*modules[:-1])
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    batches = [
        (torch.randn(8, 5), torch.eye(3)[torch.randint(0, 3, (8,))])
        for _ in range(20)
    ]
    m.descend(layers, batches, feedforward.cross_entropy, curves()["ReLU"])
    for x, target in batches:
        optimizer.zero_grad()
        F.cross_entropy(net(x), target).backward()
        optimizer.step()
    mine = [t for pair in layers for t in pair]
    pairs = zip(mine, net.parameters(), strict=True)
    return max(gap(a.reshape(b.shape), b) for a, b in pairs)


def test_descent_walks_the_path_of_sgd(proof: Callable[..., None]) -> None:
    worst = sgd_gap(feedforward_training)
    assert worst < TOLERANCE
    proof(
        ours="descend",
        reference="torch.optim.SGD",
        case="weights after 20 steps",
        kind="gradient",
        gradient=worst,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("w -= rate * dw", "w += rate * dw"),
        ("b -= rate * db", "pass"),
        ("loss(sums[-1], target)", "loss(sums[-1] * 1.001, target)"),
    ],
)
def test_descent_notices_the_mutant(old: str, new: str) -> None:
    assert sgd_gap(mutate(feedforward_training, old, new)) > 1e-6


def test_adam_gets_the_gradients_that_autograd_would_give() -> None:
    layers = random_layers([2, 6, 1])
    w, b, v, c = (t.clone().requires_grad_() for pair in layers for t in pair)
    x, y = torch.randn(9, 2), torch.randn(9, 1)
    feedforward_approximation.fit(
        layers, [(x, y)] * 30, feedforward.squared_error
    )
    adam = torch.optim.Adam([w, b, v, c], lr=0.01)
    fall = torch.optim.lr_scheduler.CosineAnnealingLR(adam, 30)
    for _ in range(30):
        adam.zero_grad()
        z = F.linear(F.linear(x, w, b[0]).relu(), v, c[0])
        F.mse_loss(z, y).backward()
        adam.step()
        fall.step()
    mine = [t for pair in layers for t in pair]
    for a, theirs in zip(mine, (w, b, v, c), strict=True):
        assert gap(a, theirs) < 1e-10


# What it costs
WIDTHS = ([5, 3], [64, 100, 10], [7, 1, 9, 4], [8, 8, 8, 8, 8])


def network_of(widths: list[int], kind: type[nn.Module]) -> nn.Sequential:
    modules: list[nn.Module] = []
    for d, k in pairwise(widths):
        modules += [nn.Linear(d, k), kind()]
    return nn.Sequential(*modules[:-1])


def counted(rows: int, widths: list[int], dx: bool) -> tuple[int, int]:
    """Multiplications forward and backward as torch counts them."""
    net = network_of(widths, nn.ReLU)
    x = torch.randn(rows, widths[0], requires_grad=dx)
    with FlopCounterMode(display=False) as forth:
        y = net(x)
    with FlopCounterMode(display=False) as back:
        y.sum().backward()
    return forth.get_total_flops() // 2, back.get_total_flops() // 2


def differing(m: ModuleType) -> int:
    return sum(
        m.multiplications(rows, widths, dx) != counted(rows, widths, dx)
        for widths in WIDTHS
        for rows in (1, 6)
        for dx in (False, True)
    )


def test_multiplications_are_those_that_torch_counts(
    proof: Callable[..., None],
) -> None:
    assert differing(feedforward_cost) == 0
    proof(
        ours="multiplications",
        reference="torch.utils.flop_counter.FlopCounterMode",
        case=f"{len(WIDTHS)} networks, 1 and 6 rows, with and without dx",
        kind="count",
        differing=0,
    )


def saved(rows: int, widths: list[int], kind: type[nn.Module]) -> int:
    """Numbers that autograd keeps, each storage once, weights left out."""
    net = network_of(widths, kind)
    weights = {p.untyped_storage().data_ptr() for p in net.parameters()}
    found: dict[int, int] = {}
    alive = []  # or an address could be used twice

    def note(t: Tensor) -> Tensor:
        at = t.untyped_storage().data_ptr()
        if t.is_floating_point() and t.dim() > 1 and at not in weights:
            found[at] = t.numel()
            alive.append(t)
        return t

    labels = torch.arange(rows) % widths[-1]
    with torch.autograd.graph.saved_tensors_hooks(note, lambda t: t):
        F.cross_entropy(net(torch.randn(rows, widths[0])), labels)
    return sum(found.values())


KINDS = {"ReLU": nn.ReLU, "Tanh": nn.Tanh, "GELU": nn.GELU, "Swish": nn.SiLU}


def test_autograd_keeps_as_many_numbers(proof: Callable[..., None]) -> None:
    for widths in WIDTHS:
        for rows in (2, 6):
            for name, kind in KINDS.items():
                both = name in ("GELU", "Swish")
                ours = feedforward_cost.kept(rows, widths, sums=both)
                assert ours == saved(rows, widths, kind), (widths, name)
    proof(
        ours="kept",
        reference="torch.autograd.graph.saved_tensors_hooks",
        case=f"{len(WIDTHS)} networks, {', '.join(KINDS)}",
        kind="count",
        differing=0,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2 * sum(products) - (0", "2 * sum(products) + (0"),
        ("else products[0])", "else products[-1])"),
        ("flops(rows, d, k) // 2", "flops(1, d, k) // 2"),
        ("2 * sum(products) -", "sum(products) -"),
    ],
)
def test_counting_notices_the_mutant(old: str, new: str) -> None:
    assert differing(mutate(feedforward_cost, old, new)) > 0


@given(st.lists(st.integers(1, 50), min_size=2, max_size=8))
def test_backward_costs_one_to_two_forwards(widths: list[int]) -> None:
    there, back = feedforward_cost.multiplications(3, widths)
    assert there <= back < 2 * there
    first = 3 * widths[0] * widths[1]
    assert back == 2 * there - first
    assert feedforward_cost.multiplications(3, widths, dx=True)[1] == 2 * there


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: feedforward.initialize([5]), r"widths is \[5\]; two or more"),
        (lambda: feedforward.initialize([5, 0]), r"widths is \[5, 0\]"),
        (
            lambda: feedforward.forward(
                random_layers([5, 3]), torch.ones(2, 4), torch.relu
            ),
            r"x is \(2, 4\); must be \(n, 5\)",
        ),
        (
            lambda: feedforward.forward(
                random_layers([5, 3]), torch.ones(5), torch.relu
            ),
            r"x is \(5,\)",
        ),
        (
            lambda: feedforward.cross_entropy(
                torch.ones(2, 3), torch.ones(2, 1)
            ),
            r"target is \(2, 1\); it must be as z, \(2, 3\)",
        ),
        (
            lambda: feedforward.cross_entropy(
                torch.ones(2, 3), torch.ones(2, 3)
            ),
            "rows that do not add up to 1",
        ),
        (
            lambda: feedforward.squared_error(torch.ones(4, 1), torch.ones(4)),
            r"target is \(4,\); it must be as z, \(4, 1\)",
        ),
        (lambda: feedforward_cost.kept(1, [3]), r"widths is \[3\]"),
        (
            lambda: feedforward_training.descend(
                [], [], feedforward.squared_error, curves()["ReLU"], 0.0
            ),
            "rate is 0.0; it must be positive",
        ),
        (lambda: feedforward_training.split("random"), "kind is 'random'"),
    ],
)
def test_bad_input_is_named(run: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run()
