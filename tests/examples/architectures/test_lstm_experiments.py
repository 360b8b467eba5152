"""What the page says of memory and of the forget-gate bias."""

from functools import partial

import pytest
import torch

from examples.architectures import lstm_forget, lstm_memory
from examples.architectures.lstm import LSTM
from tests.mutants import mutate
from tests.parity import TOLERANCE


def final(name: str, gap: int, start: int) -> torch.Tensor:
    build = lstm_memory.networks()[name]
    seeds = range(start, start + 5)
    return lstm_memory.final_accuracy(lstm_memory.train(build, gap, seeds))


def test_other_seeds_say_the_same() -> None:
    assert final("LSTM", 20, 50).max() < 0.4
    for name in ("GRU, bias 5", "LSTM, bias 5"):
        assert final(name, 20, 50).min() > 0.98


@pytest.mark.parametrize("seed", range(5))
def test_the_bias_sets_the_reach_at_the_start(seed: int) -> None:
    totals, conveyors = zip(
        *(lstm_forget.at_start(bias, seed) for bias in lstm_forget.BIASES),
        strict=True,
    )
    at_20 = [float(total[20]) for total in totals]
    assert at_20 == sorted(at_20)
    assert at_20[0] < 1e-3 and at_20[2] > 0.1
    for bias, conveyor in zip(lstm_forget.BIASES, conveyors, strict=True):
        ratio = float(conveyor[20] / torch.sigmoid(torch.tensor(bias)) ** 20)
        assert 0.1 < ratio < 10  # the gates start near sigmoid(bias)
    # with bias 0 the way through the gates adds to the conveyor
    assert at_20[0] > float(conveyors[0][20])


def test_reach_is_the_gradient_by_finite_differences() -> None:
    torch.manual_seed(1)
    network = LSTM(8, 4).double()
    x = torch.randn(1, 6, 8, dtype=torch.float64)
    total, _ = lstm_forget.cell_reach(network, x)
    cell = network.cells[0]

    def last(nudge: torch.Tensor, at: int) -> torch.Tensor:
        h = c = torch.zeros(1, 4, dtype=torch.float64)
        for t in range(6):
            rows = x[:, t] @ cell.w_x.T + cell.b_x + h @ cell.w_h.T + cell.b_h
            i, f, g, o = rows.chunk(4, dim=-1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            if t == at:
                c = c + nudge
            h = o.sigmoid() * c.tanh()
        return c.sum() / 2

    with torch.no_grad():
        slopes = []
        for k in range(4):
            nudge = 1e-5 * torch.eye(4, dtype=torch.float64)[k]
            slopes.append((last(nudge, 2) - last(-nudge, 2)) / 2e-5)
    expected = float(torch.stack(slopes).norm())
    assert float(total[3]) == pytest.approx(expected, rel=1e-7)
    assert float(total[0]) == pytest.approx(1, abs=TOLERANCE)


def test_conveyor_notices_a_wrong_gate() -> None:
    x, _ = lstm_memory.recall(1, 10, torch.Generator().manual_seed(0))
    torch.manual_seed(0)
    network = LSTM(8, 16)
    _, right = lstm_forget.cell_reach(network, x)
    mutant = mutate(lstm_forget, "kept[:, :-1]", "kept[:, 1:]")
    _, wrong = mutant.cell_reach(network, x)
    assert (right - wrong).abs().max() > 1e-4


def test_the_answer_is_only_in_the_first_symbol() -> None:
    x, first = lstm_memory.recall(64, 9, torch.Generator().manual_seed(0))
    assert x.shape == (64, 10, 8)
    assert torch.equal(x[:, 0].argmax(dim=1), first)
    assert (x[:, 1:, :4] == 0).all() and (x.sum(dim=2) == 1).all()


def test_seeds_under_vmap_are_seeds_alone() -> None:
    build = partial(LSTM, 8, 4)
    together = lstm_memory.train(build, 3, range(2))
    alone = lstm_memory.train(build, 3, range(1))
    assert (together[:20, 0] - alone[:20, 0]).abs().max() < 0.04


@pytest.mark.parametrize("gap", [0, -2])
def test_bad_gap_is_named(gap: int) -> None:
    with pytest.raises(ValueError, match=f"gap is {gap}; it must be"):
        lstm_memory.recall(2, gap, torch.Generator())


def test_several_cells_are_refused() -> None:
    with pytest.raises(ValueError, match="lstm has 2 cells; it must have 1"):
        lstm_forget.cell_reach(LSTM(8, 4, 2), torch.ones(1, 3, 8))
