"""Recurrent networks against torch.nn, by hand and by every other claim."""

from collections.abc import Callable
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from examples.architectures import rnn, rnn_backward
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap, randomize, transplant

pytestmark = [
    pytest.mark.usefixtures("float64"),
    pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad"),
]
B, N, D, H = 3, 7, 5, 4
LENGTHS = torch.tensor([4, 7, 1])
CASES = {
    "1 layer": (1, False),
    "3 layers": (3, False),
    "2 layers, both directions": (2, True),
}


def torch_names(layers: int, both: bool) -> dict[str, str]:
    """``names[ours] = theirs``, cell by cell."""
    parts = {
        "w_x": "weight_ih",
        "w_h": "weight_hh",
        "b_x": "bias_ih",
        "b_h": "bias_hh",
    }
    suffixes = ["", "_reverse"][: 1 + both]
    order = [f"_l{k}{end}" for k in range(layers) for end in suffixes]
    return {
        f"cells.{k}.{ours}": theirs + ending
        for k, ending in enumerate(order)
        for ours, theirs in parts.items()
    }


def flat(*tensors: Tensor) -> Tensor:
    return torch.cat([t.flatten() for t in tensors])


def compare(
    ours: nn.Module,
    theirs: nn.Module,
    case: str,
    states: int = 1,
    lengths: Tensor | None = None,
) -> dict[str, float]:
    """Outputs and final states; gradients of x, the states and all weights."""
    names = torch_names(*CASES[case])
    randomize(ours)
    transplant(ours, theirs, names)
    parameters = dict(theirs.named_parameters())
    pairs = [(p, parameters[names[n]]) for n, p in ours.named_parameters()]
    x = torch.randn(B, N, D)
    begin = [torch.randn(len(names) // 4, B, H) for _ in range(states)]

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

    return differences(run_ours, run_theirs, [x, *begin], pairs)


def pair(module: ModuleType, case: str) -> tuple[nn.Module, nn.Module]:
    layers, both = CASES[case]
    theirs = nn.RNN(D, H, layers, batch_first=True, bidirectional=both)
    return module.RNN(D, H, layers, both), theirs


@pytest.mark.parametrize("case", CASES)
def test_equals_torch(case: str, proof: Callable[..., None]) -> None:
    worst = compare(*pair(rnn, case), case)
    assert max(worst.values()) < TOLERANCE, worst
    proof(ours="RNN", reference="torch.nn.RNN", case=case, **worst)


def test_lengths_equal_packing(proof: Callable[..., None]) -> None:
    case = "2 layers, both directions"
    worst = compare(*pair(rnn, case), case, lengths=LENGTHS)
    assert max(worst.values()) < TOLERANCE, worst
    proof(
        ours="RNN",
        reference="torch.nn.utils.rnn.pack_padded_sequence",
        case=f"{case}, lengths 4, 7, 1",
        **worst,
    )


def by_hand(module: ModuleType) -> dict[str, float]:
    """``bptt`` against the backward pass of torch.nn.RNN itself."""
    theirs, cell = nn.RNN(D, H, batch_first=True), rnn.RNNCell(D, H)
    randomize(cell)
    names = torch_names(1, False)
    with torch.no_grad():
        for name, parameter in cell.named_parameters():
            theirs.get_parameter(names[f"cells.0.{name}"]).copy_(parameter)
    x = torch.randn(B, N, D, requires_grad=True)
    start = torch.randn(1, B, H, requires_grad=True)
    outputs, _ = theirs(x, start)
    dy = torch.randn_like(outputs)
    wanted = {"x": x, "state": start} | {
        name: theirs.get_parameter(names[f"cells.0.{name}"])
        for name, _ in cell.named_parameters()
    }
    expected = dict(
        zip(
            wanted,
            torch.autograd.grad(outputs, [*wanted.values()], dy),
            strict=True,
        )
    )
    with torch.no_grad():
        ours, _ = rnn.unroll(cell, x, (start[0],))
        h = torch.cat([start[0][:, None], ours], dim=1)
        found = module.bptt(cell, x, h, dy)
    assert found.keys() == expected.keys()
    worst = max(
        gap(found[k], expected[k].reshape(found[k].shape)) for k in found
    )
    return {"forward": gap(ours, outputs), "gradient": worst}


def test_bptt_by_hand_equals_torch(proof: Callable[..., None]) -> None:
    worst = by_hand(rnn_backward)
    assert max(worst.values()) < TOLERANCE, worst
    proof(ours="bptt", reference="torch.nn.RNN", case="every gradient", **worst)


def test_bptt_by_hand_chains_through_layers() -> None:
    """The dx of the upper layer is the upstream gradient of the lower."""
    network = rnn.RNN(D, H, layers=2)
    x = torch.randn(B, N, D, requires_grad=True)
    outputs, _ = network(x)
    dy = torch.randn_like(outputs)
    expected = torch.autograd.grad(outputs, [x, *network.parameters()], dy)
    zero = torch.zeros(B, H)
    with torch.no_grad():
        inputs, states = [x], []
        for cell in network.cells:
            y, _ = rnn.unroll(cell, inputs[-1], (zero,))
            states.append(torch.cat([zero[:, None], y], dim=1))
            inputs.append(y)
        upper = rnn_backward.bptt(network.cells[1], inputs[1], states[1], dy)
        lower = rnn_backward.bptt(network.cells[0], x, states[0], upper["x"])
    found = [lower["x"]]
    for part, cell in zip((lower, upper), network.cells, strict=True):
        found += [part[name] for name, _ in cell.named_parameters()]
    for a, b in zip(found, expected, strict=True):
        assert gap(a, b) < TOLERANCE


def clipping(module: ModuleType, maximum: float) -> float:
    ours, theirs = (
        [torch.zeros(3, 4, requires_grad=True), torch.zeros(5)]
        for _ in range(2)
    )
    for a, b in zip(ours, theirs, strict=True):
        a.grad = torch.randn_like(a)
        b.grad = a.grad.clone()
    norms = (
        module.clip_gradients(ours, maximum),
        clip_grad_norm_(theirs, maximum),
    )
    worst = gap(*norms)
    for a, b in zip(ours, theirs, strict=True):
        worst = max(worst, gap(a.grad, b.grad))
    return worst


def test_clipping_equals_torch(proof: Callable[..., None]) -> None:
    worst = max(
        clipping(rnn_backward, maximum) for maximum in (0.1, 1.0, 100.0)
    )
    assert worst < TOLERANCE
    proof(
        ours="clip_gradients",
        reference="torch.nn.utils.clip_grad_norm_",
        case="maximum 0.1, 1, 100",
        gradient=worst,
    )


MUTANTS = {
    "no tanh": ("torch.tanh(from_x + h @", "(from_x + h @"),
    "W_h not transposed": ("h @ self.w_h.T", "h @ self.w_h"),
    "one bias forgotten": ("+ self.b_h),)", "),)"),
    "the other bias forgotten": ("x @ cell.w_x.T + cell.b_x", "x @ cell.w_x.T"),
    "backwards reads forwards": (
        "reversed(steps) if backwards else steps",
        "steps",
    ),
    "directions alternate wrongly": ("k % self.directions == 1", "k % 2 == 0"),
    "halves in the other order": (
        "torch.cat(outputs, dim=-1)",
        "torch.cat(outputs[::-1], dim=-1)",
    ),
    "every layer starts from the first state": ("s[k] for s", "s[0] for s"),
    "gradient cut between steps": (
        "state = new",
        "state = tuple(s.detach() for s in new)",
    ),
    "padding moves the state": (
        "torch.where(valid, a, b)",
        "torch.where(valid, a, a)",
    ),
    "padding has outputs": ("outputs[t] = new[0] * valid", "pass"),
    "one step too many": ("(t < lengths)", "(t <= lengths)"),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_parity_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(rnn, *MUTANTS[mutation])
    gaps = []
    for case in CASES:
        for lengths in (None, LENGTHS):
            try:
                found = compare(*pair(mutant, case), case, lengths=lengths)
            except (RuntimeError, IndexError):
                found = {"raised": float("inf")}
            gaps.append(max(found.values()))
    assert max(gaps) > 1e-6


BPTT_MUTANTS = {
    "the loss of a step is forgotten": (
        "dh + d_outputs[:, t]",
        "d_outputs[:, t]",
    ),
    "slope of the state before": ("h[:, t + 1] ** 2", "h[:, t] ** 2"),
    "no slope": ("dh * (1 - h[:, t + 1] ** 2)", "dh"),
    "W_h meets the state after": ("dz.T @ h[:, t]", "dz.T @ h[:, t + 1]"),
    "time runs forwards": (
        "for t in reversed(range(x.shape[1]))",
        "for t in range(x.shape[1])",
    ),
    "W_h transposed": ("dh = dz @ cell.w_h ", "dh = dz @ cell.w_h.T "),
    "last step only": ('found["w_x"] += dz', 'found["w_x"] = dz'),
    "a bias is averaged": (
        'found["b_h"] += dz.sum(',
        'found["b_h"] += dz.mean(',
    ),
}


@pytest.mark.parametrize("mutation", BPTT_MUTANTS)
def test_bptt_parity_notices_the_mutant(mutation: str) -> None:
    assert (
        max(by_hand(mutate(rnn_backward, *BPTT_MUTANTS[mutation])).values())
        > 1e-6
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("g.square().sum()", "g.abs().sum()"),
        (".clamp(max=1)", ""),
        ("norm + 1e-6", "norm"),
        ("maximum / (norm", "1 / (norm"),
    ],
)
def test_clipping_parity_notices_the_mutant(old: str, new: str) -> None:
    mutant = mutate(rnn_backward, old, new)
    assert max(clipping(mutant, m) for m in (0.1, 1.0, 100.0)) > 1e-9


def test_clipping_keeps_the_direction() -> None:
    weight = torch.zeros(9, requires_grad=True)
    weight.grad = torch.randn(9)
    before = weight.grad.clone()
    norm = rnn_backward.clip_gradients([weight], 0.5)
    assert gap(norm, before.norm()) < TOLERANCE
    assert weight.grad.norm() < 0.5
    cosine = torch.cosine_similarity(weight.grad, before, dim=0)
    assert abs(cosine - 1) < TOLERANCE


@pytest.mark.parametrize("case", CASES)
def test_starts_from_the_same_weights_as_torch(case: str) -> None:
    layers, both = CASES[case]
    torch.manual_seed(3)
    ours = rnn.RNN(D, H, layers, both)
    torch.manual_seed(3)
    theirs = nn.RNN(D, H, layers, bidirectional=both)
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert gap(a, b) < TOLERANCE


def test_padding_is_never_read() -> None:
    network = rnn.RNN(D, H, 2, both=True)
    x = torch.randn(B, N, D, requires_grad=True)
    outputs, (final,) = network(x, None, LENGTHS)
    (dx,) = torch.autograd.grad(flat(outputs, final).sum(), x)
    for k, length in enumerate(LENGTHS.tolist()):
        assert (dx[k, length:] == 0).all()
        assert (outputs[k, length:] == 0).all()
        alone, (state,) = network(x[k : k + 1, :length])
        assert gap(outputs[k, :length], alone[0]) < TOLERANCE
        assert gap(final[:, k], state[:, 0]) < TOLERANCE


def test_a_stream_in_pieces_is_the_stream() -> None:
    network = rnn.RNN(D, H, 2)
    x, state, parts = torch.randn(B, 6, D), None, []
    for piece in x.split(2, dim=1):
        outputs, state = network(piece, state)
        parts.append(outputs)
    whole, _ = network(x)
    assert gap(torch.cat(parts, dim=1), whole) < TOLERANCE


def test_detaching_cuts_the_gradient_at_the_window() -> None:
    network = rnn.RNN(D, H)
    x = torch.randn(1, 6, D, requires_grad=True)
    _, state = network(x[:, :3])
    outputs, _ = network(x[:, 3:], tuple(s.detach() for s in state))
    (dx,) = torch.autograd.grad(outputs[:, -1].sum(), x)
    reached = (dx[0] != 0).any(dim=1).tolist()
    assert reached == [False] * 3 + [True] * 3


def test_the_order_of_the_sequence_matters() -> None:
    network = rnn.RNN(D, H)
    x = torch.randn(B, N, D)
    _, (state,) = network(x)
    _, (turned,) = network(x.flip(1))
    assert gap(state, turned) > 0.01


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: rnn.RNN(0, 4), "sizes are 0, 4; not positive"),
        (lambda: rnn.RNN(3, 4, 0), "layers is 0; it must be at least 1"),
        (
            lambda: rnn.RNN(3, 4)(torch.ones(2, 5, 4)),
            r"x is \(2, 5, 4\); it must be \(b, n, 3\)",
        ),
        (lambda: rnn.RNN(3, 4)(torch.ones(5, 3)), r"x is \(5, 3\)"),
        (lambda: rnn.RNN(3, 4)(torch.ones(2, 0, 3)), "with n > 0"),
        (
            lambda: rnn.RNN(3, 4)(torch.ones(2, 5, 3), (torch.ones(2, 4),)),
            r"state is \[\(2, 4\)\]; it must be 1 × \(1, 2, 4\)",
        ),
        (
            lambda: rnn.RNN(3, 4)(
                torch.ones(2, 5, 3), None, torch.tensor([5, 6])
            ),
            r"lengths is \[5, 6\]; all must be within 1..5",
        ),
        (
            lambda: rnn.RNN(3, 4)(torch.ones(2, 5, 3), None, torch.tensor([5])),
            r"lengths is \(1,\); not one a sequence, \(2,\)",
        ),
        (lambda: rnn_backward.clip_gradients([], 0.0), "maximum is 0.0"),
        (
            lambda: rnn_backward.bptt(
                rnn.RNNCell(3, 4),
                torch.ones(2, 5, 3),
                torch.ones(2, 5, 4),
                torch.ones(2, 5, 4),
            ),
            r"h is \(2, 5, 4\); it must be \(2, 6, 4\)",
        ),
    ],
)
def test_bad_input_is_named(run: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run()


def test_later_layers_read_both_directions() -> None:
    network = rnn.RNN(D, H, 3, both=True)
    names = [f"cells.{k}.w_x" for k in range(6)]
    widths = [network.get_parameter(name).shape[1] for name in names]
    assert widths == [D, D] + [2 * H] * 4
