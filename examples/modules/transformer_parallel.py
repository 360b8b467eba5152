"""How long a token must wait: chains of operations, read from autograd.

The depth of a result is the number of operations on the longest chain that
ends in it: with as many processors as one likes it cannot be had sooner.
Autograd keeps every operation with those that it waited for, so the depth
is the longest path in that graph.

Shapes: x (b, n, d). Raises ValueError for a result without a graph.
"""

from collections.abc import Callable

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from examples.architectures.lstm import LSTM
from examples.architectures.rnn import RNN
from examples.modules.self_attention import causal_mask
from examples.modules.transformer import EncoderLayer, Stack
from examples.modules.transformer_model import Transformer, greedy

LENGTHS = (4, 16, 64, 256)
Network = Callable[[Tensor], Tensor]
INK, BLUE, ORANGE, GREEN = "#757b84", "#3b82f6", "#ea7a17", "#1f9d6b"


# --8<-- [start:depth]
def operations_in_a_row(y: Tensor) -> int:
    """The longest chain of operations that y had to wait for."""
    if y.grad_fn is None:
        raise ValueError("y has no grad_fn; it must come from parameters")
    longest: dict[object, int] = {}
    waiting = [y.grad_fn]
    while waiting:  # no recursion: chains have thousands of links
        node = waiting[-1]
        before = [f for f, _ in node.next_functions if f is not None]
        unknown = [f for f in before if f not in longest]
        if unknown:
            waiting += unknown
            continue
        longest[node] = 1 + max((longest[f] for f in before), default=0)
        waiting.pop()
    return longest[y.grad_fn]


# --8<-- [end:depth]
def last_outputs(d: int = 16) -> dict[str, Network]:
    rnn, lstm = RNN(d, d), LSTM(d, d)
    one = EncoderLayer(d, 2, 2 * d)
    six = Stack([EncoderLayer(d, 2, 2 * d) for _ in range(6)])
    return {
        "RNN": lambda x: rnn(x)[0][:, -1],
        "LSTM": lambda x: lstm(x)[0][:, -1],
        "Transformer layer": lambda x: one(x, causal_mask(x.shape[1])),
        "six layers": lambda x: six(x, causal_mask(x.shape[1])),
    }


def depths(network: Network) -> list[int]:
    xs = [torch.randn(1, n, 16) for n in LENGTHS]
    return [operations_in_a_row(network(x)) for x in xs]


def passes(model: Transformer, work: Callable[[], object]) -> int:
    """How often the decoder runs while the work is done."""
    calls = []
    watch = model.decoder.register_forward_hook
    hook = watch(lambda *_: calls.append(None))
    work()
    hook.remove()
    return len(calls)


def main() -> None:
    torch.manual_seed(0)
    print(f"{'tokens':<18}" + "".join(f"{n:>8}" for n in LENGTHS))
    for name, network in last_outputs().items():
        row = "".join(f"{depth:>8,}" for depth in depths(network))
        print(f"{name:<18}{row}")
    model = Transformer(20, 16, heads=2, hidden=32, layers=2)
    source, target = torch.randint(20, (2, 4, 30))
    trained = passes(model, lambda: model(source, target))
    written = passes(model, lambda: greedy(model, source, 1, 30))
    print("passes of the decoder for 30 tokens:", end=" ")
    print(f"training {trained}, generating {written}")


def draw_waiting(axes: Axes, recurrent: bool, n: int = 5) -> None:
    """Dots are states; orange is what the last one waits for."""
    style = {"arrowstyle": "-|>", "shrinkA": 5, "shrinkB": 5, "lw": 1.3}
    for i in range(n):
        axes.plot([i, i], [0, 1], "o", color=INK, ms=7)
        if recurrent:
            sources = [(i - 1, 1), (i, 0)] if i else [(0, 0)]
        else:
            sources = [(j, 0) for j in range(i + 1)]
        for k, source in enumerate(sources):
            last = k == 0 if recurrent else i == n - 1
            look = {"color": ORANGE if last else BLUE}
            look["alpha"] = 1.0 if last else 0.5
            axes.annotate("", (i, 1), source, arrowprops=style | look)
    axes.set(xlim=(-0.4, n - 0.6), ylim=(-0.4, 1.5))
    axes.set_title("RNN: n steps" if recurrent else "attention: 1 step")
    axes.axis("off")


def parallel_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    grid = figure.add_gridspec(2, 2, width_ratios=(1, 1.25))
    draw_waiting(figure.add_subplot(grid[0, 0]), recurrent=True)
    draw_waiting(figure.add_subplot(grid[1, 0]), recurrent=False)
    axes = figure.add_subplot(grid[:, 1])
    colors = ("#a35fe0", ORANGE, BLUE, GREEN)
    networks = last_outputs().items()
    for (name, network), color in zip(networks, colors, strict=True):
        style = {"ms": 4, "color": color, "label": name}
        axes.loglog(LENGTHS, depths(network), "o-", **style)
    axes.set_xticks(LENGTHS, [str(n) for n in LENGTHS])
    axes.minorticks_off()
    axes.set(xlabel="tokens", title="operations in a row")
    axes.legend()
    axes.grid(visible=True)
    return figure


if __name__ == "__main__":
    main()
