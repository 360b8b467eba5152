"""How many layers with weights lie between the input and the output.

    longest(v)  = w(v) + max over inputs u of longest(u)
    shortest(v) = w(v) + min over inputs u of shortest(u)

over the graph that autograd records: w is 1 for a convolution or product
one of whose factors is a parameter, else 0. The longest chain is what a
name such as ResNet-50 counts; the shortest is the way that a gradient can
take. Recurrent networks are run step by step, from the first to the last.

Raises ValueError where y does not depend on x, and for no step at all.
"""

from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from examples.architectures.index import D, models
from examples.architectures.lstm import LSTM
from examples.architectures.rnn import Recurrent
from examples.modules.transformer_model import Transformer

INK, BLUE, ORANGE, GREEN = "#757b84", "#3b82f6", "#ea7a17", "#1f9d6b"
VIEWS = (
    *("TBackward0", "TransposeBackward0", "ViewBackward0"),
    *("PermuteBackward0", "UnsqueezeBackward0", "ExpandBackward0"),
)
PRODUCTS = (
    *("ConvolutionBackward0", "AddmmBackward0"),
    *("MmBackward0", "BmmBackward0"),
)


# --8<-- [start:weights]
def parameter_behind(node: Any) -> bool:
    """A leaf that is a parameter, perhaps reshaped."""
    while node is not None and node.name() in VIEWS:
        node = node.next_functions[0][0]
    leaf = getattr(node, "variable", None)
    return isinstance(leaf, nn.Parameter)


def has_weights(node: Any) -> bool:
    inputs = [u for u, _ in node.next_functions]
    return node.name() in PRODUCTS and any(map(parameter_behind, inputs))


# --8<-- [end:weights]
# --8<-- [start:lengths]
def path_lengths(y: Tensor, x: Tensor) -> tuple[int, int]:
    """Shortest and longest chain of layers with weights, from x to y."""
    found: dict[Any, tuple[int, int] | None] = {}
    waiting: list[Any] = [y.grad_fn]
    while waiting:
        node = waiting[-1]
        inputs = [u for u, _ in node.next_functions if u is not None]
        todo = [u for u in inputs if u not in found]
        if todo:  # inputs first; a graph this deep forbids recursion
            waiting += todo
            continue
        waiting.pop()
        ends = [e for u in inputs if (e := found[u]) is not None]
        if getattr(node, "variable", None) is x:
            found[node] = (0, 0)
        elif not ends:
            found[node] = None
        else:
            own = int(has_weights(node))
            low, high = min(e[0] for e in ends), max(e[1] for e in ends)
            found[node] = (own + low, own + high)
    lengths = found[y.grad_fn]
    if lengths is None:
        raise ValueError("y does not depend on x; no path joins them")
    return lengths


# --8<-- [end:lengths]
# --8<-- [start:cases]
def over_time(network: Recurrent, steps: int) -> tuple[int, int]:
    """From the first input to the last output, one step at a time."""
    if steps < 1:
        raise ValueError(f"steps is {steps}; must be at least 1")
    first = torch.zeros(1, 1, D, device="meta", requires_grad=True)
    y, state = network(first)
    for _ in range(steps - 1):
        y, state = network(torch.zeros(1, 1, D, device="meta"), state)
    return path_lengths(y, first)


def from_source(model: Transformer) -> tuple[int, int]:
    """From a source token to the scores of a target token."""
    x = torch.zeros(1, 4, D, device="meta", requires_grad=True)
    target = torch.zeros(1, 4, dtype=torch.long, device="meta")
    return path_lengths(model.decode(target, model.encoder(x, None)), x)


def all_lengths(steps: int = 100) -> dict[str, tuple[int, int]]:
    lengths = {}
    for name, (build, inputs) in models().items():
        with torch.device("meta"):
            model, x = build(), inputs[0]
        if isinstance(model, Recurrent):
            lengths[name] = over_time(model, steps)
        elif isinstance(model, Transformer):
            lengths[name] = from_source(model)
        else:
            lengths[name] = path_lengths(model(x.requires_grad_()), x)
    return lengths


# --8<-- [end:cases]
COLORS = {
    "MLP": INK,
    "RNN": GREEN,
    "LSTM": GREEN,
    "Transformer": GREEN,
    "GoogLeNet": ORANGE,
    "Inception v3": ORANGE,
}


def paths_figure() -> Figure:
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    lengths = all_lengths()
    labels = []
    for row, (name, (low, high)) in enumerate(lengths.items()):
        color = COLORS.get(name, BLUE)
        axes.plot([low, high], [row, row], color=color, lw=3, alpha=0.4)
        axes.plot(low, row, "o", color=color, ms=6)
        axes.plot(high, row, "s", color=color, ms=6)
        gap = 0 if high - low < 2 else 1
        text = f"{low} … {high}" if gap else f"{low}"
        axes.annotate(
            text,
            (high, row),
            (9, 0),
            textcoords="offset points",
            va="center",
            size=9,
        )
        steps = ", 100 steps" if name in ("RNN", "LSTM") else ""
        labels.append(name + steps)
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.set(xscale="log", xlim=(0.8, 260))
    axes.set_xticks([1, 3, 10, 30, 100], ["1", "3", "10", "30", "100"])
    axes.minorticks_off()
    axes.set_xlabel("layers with weights: shortest path ●, longest ■")
    axes.grid(visible=True, axis="x")
    return figure


def main() -> None:
    print("layers with weights      shortest  longest")
    for name, (low, high) in all_lengths().items():
        print(f"{name:<25}{low:>8}{high:>9}")
    for steps in (10, 1000):
        low, high = over_time(LSTM(D, D).to("meta"), steps)
        print(f"LSTM, {steps} steps{'':<{14 - len(str(steps))}}", end="")
        print(f"{low:>7}{high:>9}")


if __name__ == "__main__":
    main()
