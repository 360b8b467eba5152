"""LSTM and GRU against torch.nn, their variants, counts and bad input."""

from collections.abc import Callable
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from examples.architectures import lstm
from examples.architectures.rnn import RNN
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap, randomize, transplant

pytestmark = [
    pytest.mark.usefixtures("float64"),
    pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad"),
]
B, N, D, H = 3, 7, 5, 4
LENGTHS = torch.tensor([4, 7, 1])
CASES = {
    "1 layer": (1, False, None),
    "2 layers": (2, False, None),
    "2 layers, both directions": (2, True, None),
    "both directions, lengths 4, 7, 1": (1, True, LENGTHS),
}
PARTS = {
    "w_x": "weight_ih",
    "w_h": "weight_hh",
    "b_x": "bias_ih",
    "b_h": "bias_hh",
}


def torch_names(layers: int, both: bool) -> dict[str, str]:
    suffixes = ["", "_reverse"][: 1 + both]
    order = [f"_l{k}{end}" for k in range(layers) for end in suffixes]
    return {
        f"cells.{k}.{ours}": theirs + ending
        for k, ending in enumerate(order)
        for ours, theirs in PARTS.items()
    }


def flat(*tensors: Tensor) -> Tensor:
    return torch.cat([t.flatten() for t in tensors])


def compare(module: ModuleType, name: str, case: str) -> dict[str, float]:
    """Outputs, final h and c; gradients of x, both starts and all weights."""
    layers, both, lengths = CASES[case]
    ours = getattr(module, name)(D, H, layers, both)
    theirs = getattr(nn, name)(
        D, H, layers, batch_first=True, bidirectional=both
    )
    names = torch_names(layers, both)
    randomize(ours)
    transplant(ours, theirs, names)
    parameters = dict(theirs.named_parameters())
    pairs = [(p, parameters[names[n]]) for n, p in ours.named_parameters()]
    states = 2 if name == "LSTM" else 1
    start = [torch.randn(len(names) // 4, B, H) for _ in range(states)]

    def run_ours(x: Tensor, *state: Tensor) -> Tensor:
        outputs, final = ours(x, state, lengths)
        return flat(outputs, *final)

    def run_theirs(x: Tensor, *state: Tensor) -> Tensor:
        given = state if states == 2 else state[0]
        if lengths is None:
            outputs, final = theirs(x, given)
        else:
            packed = pack_padded_sequence(
                x, lengths, batch_first=True, enforce_sorted=False
            )
            outputs, final = theirs(packed, given)
            outputs, _ = pad_packed_sequence(outputs, batch_first=True)
        return flat(outputs, *(final if states == 2 else (final,)))

    return differences(
        run_ours, run_theirs, [torch.randn(B, N, D), *start], pairs
    )


@pytest.mark.parametrize("name", ["LSTM", "GRU"])
@pytest.mark.parametrize("case", CASES)
def test_equals_torch(name: str, case: str, proof: Callable[..., None]) -> None:
    worst = compare(lstm, name, case)
    assert max(worst.values()) < TOLERANCE, worst
    proof(ours=name, reference=f"torch.nn.{name}", case=case, **worst)


LSTM_MUTANTS = {
    "gates in another order": ("i, f, g, o = rows", "f, i, g, o = rows"),
    "output before candidate": ("i, f, g, o = rows", "i, f, o, g = rows"),
    "coupled gates": ("i.sigmoid() * g.tanh()", "(1 - f.sigmoid()) * g.tanh()"),
    "candidate not squashed": ("* g.tanh()", "* g"),
    "cell shown without tanh": ("* c.tanh(), c", "* c, c"),
    "hidden state handed on as the cell": (
        "return o.sigmoid() * c.tanh(), c",
        "return o.sigmoid() * c.tanh(), c.tanh()",
    ),
    "no gradient through the conveyor": (
        "f.sigmoid() * c +",
        "f.sigmoid() * c.detach() +",
    ),
    "one bias": (
        "from_x + h @ self.w_h.T + self.b_h  # (b, 4h)",
        "from_x + h @ self.w_h.T",
    ),
    "gates do not see h": ("h @ self.w_h.T + self.b_h  # (b, 4h)", "self.b_h"),
}
GRU_MUTANTS = {
    "reset before the product": ("r * n_h)", "(r * h) @ self.w_h.T[:, -4:])"),
    "update the other way round": (
        "return ((1 - z) * n + z * h,)",
        "return (z * n + (1 - z) * h,)",
    ),
    "reset and update swapped": (
        "r_x, z_x, n_x = from_x",
        "z_x, r_x, n_x = from_x",
    ),
    "no reset": ("n_x + r * n_h", "n_x + n_h"),
    "its bias outside the reset": (
        "torch.tanh(n_x + r * n_h)",
        "torch.tanh(n_x + r * (n_h - self.b_h[-4:]) + self.b_h[-4:])",
    ),
}


@pytest.mark.parametrize("mutation", [*LSTM_MUTANTS, *GRU_MUTANTS])
def test_parity_notices_the_mutant(mutation: str) -> None:
    name = "LSTM" if mutation in LSTM_MUTANTS else "GRU"
    mutant = mutate(lstm, *(LSTM_MUTANTS | GRU_MUTANTS)[mutation])
    for case in CASES:
        try:
            worst = max(compare(mutant, name, case).values())
        except RuntimeError:  # a weight or a state that nothing uses
            continue
        assert worst > 1e-6


def reset_first(module: ModuleType, diagonal: bool) -> dict[str, float]:
    """With U_n diagonal and b_n' = 0 the two orders of the reset agree."""
    ours, theirs = module.ResetFirstGRU(D, H), nn.GRU(D, H, batch_first=True)
    names = torch_names(1, False)
    randomize(ours)
    with torch.no_grad():
        cell = ours.cells[0]
        cell.b_h[2 * H :] = 0
        if diagonal:
            cell.w_h[2 * H :] *= torch.eye(H)
    transplant(ours, theirs, names)
    return differences(
        lambda x, h: ours(x, (h,)),
        theirs,
        [torch.randn(B, N, D), torch.randn(1, B, H)],
    )


def test_reset_first_is_another_network(proof: Callable[..., None]) -> None:
    worst = reset_first(lstm, diagonal=True)
    assert max(worst.values()) < TOLERANCE
    assert reset_first(lstm, diagonal=False)["forward"] > 1e-3
    proof(
        ours="ResetFirstGRU",
        reference="torch.nn.GRU",
        case="$U_n$ diagonal, $b_n' = 0$",
        **worst,
    )


def reset_first_by_hand(module: ModuleType) -> float:
    """Cho's equations, number by number, for one step and any weights."""
    cell = module.ResetFirstGRUCell(D, H)
    randomize(cell)
    x, h = torch.randn(D), torch.randn(H)
    (found,) = cell((x @ cell.w_x.T + cell.b_x)[None], h[None])
    w, u, a, b = (p.tolist() for p in (cell.w_x, cell.w_h, cell.b_x, cell.b_h))

    def sigmoid(z: float) -> float:
        return 1 / (1 + 2.718281828459045**-z)

    def row(k: int, state: list[float]) -> float:
        seen = sum(p * q for p, q in zip(w[k], x.tolist(), strict=True))
        known = sum(p * q for p, q in zip(u[k], state, strict=True))
        return seen + a[k] + known + b[k]

    old = h.tolist()
    reset = [sigmoid(row(k, old)) * old[k] for k in range(H)]
    worst = 0.0
    for k in range(H):
        z = sigmoid(row(H + k, old))
        e = 2.718281828459045 ** (2 * row(2 * H + k, reset))
        expected = (1 - z) * (e - 1) / (e + 1) + z * old[k]
        worst = max(worst, abs(float(found[0, k].detach()) - expected))
    return worst


def test_reset_first_equals_the_loop_by_hand() -> None:
    assert reset_first_by_hand(lstm) < TOLERANCE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(r * h) @ w_n.T", "(z * h) @ w_n.T"),
        ("(r * h) @ w_n.T", "r * (h @ w_n.T)"),
        ("h @ w_z.T + b_z", "h @ w_r.T + b_z"),
        ("@ w_n.T + b_n)  # r acts before it", "@ w_n.T)"),
        ("h @ w_r.T + b_r", "h @ w_r + b_r"),
    ],
)
def test_the_loop_by_hand_notices_the_mutant(old: str, new: str) -> None:
    assert reset_first_by_hand(mutate(lstm, old, new)) > 1e-6


def test_parameter_counts() -> None:
    for blocks, name in ((1, "RNN"), (3, "GRU"), (4, "LSTM")):
        ours = {"RNN": RNN, "GRU": lstm.GRU, "LSTM": lstm.LSTM}[name]
        for d, h in ((3, 4), (100, 256), (1, 1)):
            theirs = getattr(nn, name)(d, h, device="meta")
            expected = sum(map(torch.numel, theirs.parameters()))
            assert blocks * (h * (d + h) + 2 * h) == expected
            found = sum(map(torch.numel, ours(d, h).parameters()))
            assert found == expected


def test_the_conveyor_multiplies_by_the_forget_gate_alone() -> None:
    """Gates held still, dc[T] / dc[0] is exactly the product of the f."""
    network = lstm.LSTM(D, H)
    randomize(network)
    x, cell = torch.randn(1, N, D), network.cells[0]
    c = start = torch.zeros(1, H, requires_grad=True)
    h = torch.zeros(1, H)
    for from_x in (x @ cell.w_x.T + cell.b_x).unbind(dim=1):
        h, c = cell(from_x.detach(), h.detach(), c)
    jacobian = torch.stack(
        [
            torch.autograd.grad(c[0, k], start, retain_graph=True)[0][0]
            for k in range(H)
        ]
    )
    product = lstm.forget_gates(network, x)[0].prod(dim=0)
    assert gap(jacobian, product.diag()) < TOLERANCE


def test_set_forget_bias_sets_the_gate_and_nothing_else() -> None:
    network = lstm.LSTM(D, H, 2, both=True)
    before = [p.clone() for p in network.parameters()]
    lstm.set_forget_bias(network, 1.0)
    for cell in network.cells:
        total = cell.b_x + cell.b_h
        assert gap(total[H : 2 * H], torch.ones(H)) == 0
    for old, new in zip(before, network.parameters(), strict=True):
        same = old == new
        if new.dim() == 1:
            assert same[:H].all() and same[2 * H :].all()
        else:
            assert same.all()
    zero = torch.zeros(1, 1, D)
    with torch.no_grad():
        network.cells[0].w_x.zero_()
    gates = lstm.forget_gates(network, zero)
    assert (
        gap(gates, torch.full_like(gates, 1 / (1 + 2.718281828459045**-1)))
        < 1e-12
    )


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: lstm.LSTM(3, 0), "sizes are 3, 0"),
        (lambda: lstm.GRU(3, 4)(torch.ones(2, 5, 9)), r"x is \(2, 5, 9\)"),
        (
            lambda: lstm.LSTM(3, 4)(
                torch.ones(2, 5, 3), (torch.zeros(1, 2, 4),)
            ),
            r"state is \[\(1, 2, 4\)\]; it must be 2 × \(1, 2, 4\)",
        ),
    ],
)
def test_bad_input_is_named(run: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run()
