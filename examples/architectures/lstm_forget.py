"""The forget-gate bias: how far the cell reaches, and when it learns.

    dc[T] / dc[T-k] = f[T] f[T-1] … f[T-k+1] + the way through the gates

The first term is the conveyor: a product of gates, no weight matrix in it.
The reach is measured at the start of training on the noise of the memory
task; learning is the memory task of lstm_memory with 20 steps of noise.
Jozefowicz et al. 2015, proceedings.mlr.press/v37/jozefowicz15.html

Shapes: symbols (1, n, 8); reaches (n,), lag 0 first. Raises ValueError for
an LSTM of more than one cell.
"""

import math
from functools import partial

import torch
from matplotlib.figure import Figure
from torch import Tensor

from examples.architectures.lstm import LSTM, forget_gates, set_forget_bias
from examples.architectures.lstm_memory import (
    CHANCE,
    HIDDEN,
    final_accuracy,
    recall,
    train,
)
from examples.architectures.rnn import RNN

BIASES = (0.0, 1.0, 3.0, 5.0)
GAP = 20
LAGS = 60


# --8<-- [start:reach]
def cell_reach(lstm: LSTM, x: Tensor) -> tuple[Tensor, Tensor]:
    """Norms of v^T dc[T] / dc[T-k]: in all, and by the conveyor alone."""
    if len(lstm.cells) != 1:
        count = len(lstm.cells)
        raise ValueError(f"lstm has {count} cells; it must have 1")
    cell, cells = lstm.cells[0], []
    h = c = x.new_zeros(len(x), lstm.hidden, requires_grad=True)
    for from_x in (x @ cell.w_x.T + cell.b_x).unbind(dim=1):
        h, c = cell(from_x, h, c)
        cells.append(c)
    v = torch.ones_like(c) / math.sqrt(lstm.hidden)  # of norm 1
    total = torch.autograd.grad(c, cells, v)[::-1]
    kept = forget_gates(lstm, x).flip(1).cumprod(dim=1)  # (1, n, h)
    conveyor = torch.cat([v[:, None], v[:, None] * kept[:, :-1]], dim=1)
    return torch.stack(total).norm(dim=-1)[:, 0], conveyor.norm(dim=-1)[0]


# --8<-- [end:reach]
def rnn_reach(network: RNN, x: Tensor) -> Tensor:
    """The same for the state of a tanh network."""
    cell, states = network.cells[0], []
    h = x.new_zeros(len(x), network.hidden, requires_grad=True)
    for from_x in (x @ cell.w_x.T + cell.b_x).unbind(dim=1):
        (h,) = cell(from_x, h)
        states.append(h)
    v = torch.ones_like(h) / math.sqrt(network.hidden)
    total = torch.autograd.grad(h, states, v)[::-1]
    return torch.stack(total).norm(dim=-1)[:, 0]


def biased(bias: float) -> LSTM:
    lstm = LSTM(8, HIDDEN)
    set_forget_bias(lstm, bias)
    return lstm


def at_start(bias: float, seed: int = 0) -> tuple[Tensor, Tensor]:
    torch.manual_seed(seed)
    x, _ = recall(1, LAGS, torch.Generator().manual_seed(seed))
    return cell_reach(biased(bias).double(), x.double())


def forget_figure() -> Figure:
    figure = Figure(figsize=(6.4, 6.4), layout="constrained")
    upper, lower = figure.subplots(2, 1)
    for number, bias in enumerate(BIASES):
        color, name = f"C{number}", f"bias {bias:.0f}"
        total, conveyor = at_start(bias)
        upper.semilogy(total, color=color, label=name)
        upper.semilogy(conveyor, "--", color=color)
        history = train(partial(biased, bias), GAP, range(5))
        smooth = history.mean(dim=1).unfold(0, 10, 1).mean(dim=1)
        lower.plot(range(10, 10 + len(smooth)), smooth, label=name)
    torch.manual_seed(0)
    x, _ = recall(1, LAGS, torch.Generator().manual_seed(0))
    plain = rnn_reach(RNN(8, HIDDEN).double(), x.double())
    upper.semilogy(plain, ":", color="#e5484d", label="RNN")
    upper.set(xlabel="lag k", ylabel="gradient norm", ylim=(1e-20, 3))
    upper.set_title("solid: all paths; dashed: product of forget gates")
    upper.legend(loc="lower left")
    lower.axhline(CHANCE, ls=":", color="#757b84")
    lower.set(xlabel="training step", ylabel="accuracy, mean of five seeds")
    lower.set_title(f"{GAP} steps of noise", fontsize=11)
    lower.set_ylim(0, 1.03)
    lower.legend(loc="lower right", ncols=4)
    for axes in (upper, lower):
        axes.grid(visible=True)
    return figure


def main() -> None:
    print("forget bias   sigmoid   powers of ten at lag 20   seeds that")
    print("                        all paths    conveyor     solve it")
    for bias in BIASES:
        total, conveyor = (float(r[GAP]) for r in at_start(bias))
        final = final_accuracy(train(partial(biased, bias), GAP, range(5)))
        gate = 1 / (1 + math.exp(-bias))
        print(f"{bias:>11.0f} {gate:>9.2f} ", end="")
        print(f"{math.log10(total):>12.1f}", end="")
        print(f"{math.log10(conveyor):>12.1f}", end="")
        print(f"{int((final >= 0.98).sum()):>10} of 5")


if __name__ == "__main__":
    main()
