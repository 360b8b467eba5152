"""XOR: what no linear network can do, and what equal units cannot do.

    linear        W_2 (W_1 x + b_1) + b_2 = (W_2 W_1) x + (W_2 b_1 + b_2)
    equal units   one function of the single number w x

The mean squared error of XOR is at least 1/4 for a linear network of any
depth, at least 1/6 for equal units under a rising activation, and 0 for two
different ReLUs. After Minsky and Papert, Perceptrons, 1969, and Goodfellow
et al., deeplearningbook.org, chapter 6.

Shapes: x (4, 2), target (4, 1). Raises ValueError for no layers.
"""

from fractions import Fraction

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from examples.architectures.feedforward import (
    Layers,
    forward,
    initialize,
    side_by_side,
    squared_error,
)
from examples.architectures.feedforward_training import descend
from examples.modules.activation import Curve, curves

STARTS = 100


def xor() -> tuple[Tensor, Tensor]:
    x = torch.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]]).double()
    return x, (x.sum(1, keepdim=True) == 1).double()


def double(layers: Layers) -> Layers:
    return [(w.double(), b.double()) for w, b in layers]


# --8<-- [start:collapse]
def identity(z: Tensor) -> Tensor:
    return z


def collapse(layers: Layers) -> tuple[Tensor, Tensor]:
    """The one W and b that layers without activations amount to."""
    if not layers:
        raise ValueError("layers is empty; at least one is needed")
    w, b = layers[0]
    for later, offset in layers[1:]:
        w, b = later @ w, b @ later.mT + offset
    return w, b


# --8<-- [end:collapse]
# --8<-- [start:starts]
def two_relus() -> Layers:
    """relu(x_1 + x_2) - 2 relu(x_1 + x_2 - 1), found by hand."""
    w, b = torch.ones(2, 2), torch.tensor([[0.0, -1.0]])
    v, c = torch.tensor([[1.0, -2.0]]), torch.zeros(1, 1)
    return double([(w, b), (v, c)])


def equal_start(widths: list[int], weight: float) -> Layers:
    layers = double(initialize(widths))
    return [(w.fill_(weight), b) for w, b in layers]


def random_starts(widths: list[int], count: int = STARTS) -> Layers:
    seeds = range(count)
    return double(side_by_side([initialize(widths, s) for s in seeds]))


def learn(
    layers: Layers, curve: tuple[Curve, Curve], steps: int = 2000
) -> Tensor:
    """The loss after training on the four points."""
    x, target = xor()
    descend(layers, [(x, target)] * steps, squared_error, curve)
    return squared_error(forward(layers, x, curve[0])[1][-1], target)[0]


# --8<-- [end:starts]
def draw(axes: Axes, layers: Layers, value: Curve) -> None:
    line = torch.linspace(-0.4, 1.4, 91, dtype=torch.float64)
    plane = torch.cartesian_prod(line, line)
    z = forward(layers, plane, value)[1][-1].view(91, 91).T
    axes.imshow(
        z,
        cmap="coolwarm",
        vmin=-0.2,
        vmax=1.2,
        origin="lower",
        extent=(-0.4, 1.4, -0.4, 1.4),
    )
    for (x, y), one in zip(*xor(), strict=True):
        color, mark = ("#b3261e", "s") if one else ("#1d4ed8", "o")
        axes.plot(x, y, mark, ms=11, color=color, mec="white", mew=1.5)
    axes.set(xlabel="$x_1$", xticks=(0, 1), yticks=(0, 1))


def surfaces_figure() -> Figure:
    figure = Figure(figsize=(6.4, 2.8), layout="constrained")
    panels = figure.subplots(1, 3, sharey=True)
    panels[0].set_ylabel("$x_2$")
    tanh = curves()["Tanh"]
    for axes, (title, layers) in zip(
        panels,
        {
            "all zero": equal_start([2, 8, 1], 0.0),
            "8 equal units": equal_start([2, 8, 1], 0.5),
            "8 random units": double(initialize([2, 8, 1], seed=1)),
        }.items(),
        strict=True,
    ):
        loss = float(learn(layers, tanh, 10_000))
        draw(axes, layers, tanh[0])
        axes.set_title(f"{title}\nloss {loss:.2f}")
    return figure


def main() -> None:
    tanh, relu = curves()["Tanh"], curves()["ReLU"]
    linear = (identity, torch.ones_like)
    x, target = xor()
    equal = equal_start([2, 8, 1], 0.5)
    hand = forward(two_relus(), x, relu[0])[1][-1]
    for name, loss in {
        "linear, 2-8-8-1": learn(double(initialize([2, 8, 8, 1])), linear),
        "tanh, all zero": learn(equal_start([2, 8, 1], 0.0), tanh),
        "tanh, 8 equal units": learn(equal, tanh, 10_000),
        "two ReLUs by hand": squared_error(hand, target)[0],
    }.items():
        print(f"{name:<20} loss {float(loss):.2f}")

    units = (2, 3, 4, 8, 16)
    print(f"\nsolved, of {STARTS} random starts")
    print("units ", *(f"{u:>5}" for u in units))
    ends = {u: learn(random_starts([2, u, 1]), relu) for u in units}
    print("ReLU  ", *(f"{int((e < 0.02).sum()):>5}" for e in ends.values()))
    others = [learn(random_starts([2, u, 1]), tanh) for u in units]
    print("tanh  ", *(f"{int((e < 0.02).sum()):>5}" for e in others))
    for name in ("0", "1/8", "1/6", "1/4"):
        near = (ends[2] - float(Fraction(name))).abs() < 0.001
        print(f"2 ReLUs end at {name:<4} {int(near.sum()):>3} times")


if __name__ == "__main__":
    main()
