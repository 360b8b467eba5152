"""Units that fall silent, and which activations can wake them.

A unit is silent when z < 0 for every image of the training set. A silent
ReLU gives each of its weights the gradient 0, and no step wakes it. One
layer of 100 units reads digits, all images at a time:

    one step     a first step that is too large, then 100 proper ones
    low bias     all biases start at b < 0, as after such a step

Shapes: images (n, 64), pixels in [0, 1], float64. Raises ValueError for a
learning rate that is not positive.
"""

from functools import partial

import torch
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from torch import Tensor, nn

from examples.modules.activation import (
    Curve,
    curves,
    leaky_relu,
    leaky_relu_slope,
)
from examples.modules.activation_modules import Activation

BIASES = (-2.0, -4.0, -10.0)


# --8<-- [start:experiment]
def digits(
    centered: bool = False,
    count: int = 300,
) -> tuple[Tensor, Tensor]:
    data = load_digits()
    images = torch.tensor(data.data[:count], dtype=torch.float64) / 16
    labels = torch.tensor(data.target[:count])
    return images - images.mean(0) if centered else images, labels


def network(value: Curve, slope: Curve, seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Linear(64, 100), Activation(value, slope), nn.Linear(100, 10)
    ).double()


def descend(
    net: nn.Sequential, data: tuple[Tensor, Tensor], rate: float, steps: int
) -> None:
    if not rate > 0:
        raise ValueError(f"rate is {rate}; it must be positive")
    for _ in range(steps):
        loss = nn.functional.cross_entropy(net(data[0]), data[1])
        net.zero_grad()
        loss.backward()
        with torch.no_grad():
            for p in net.parameters():
                if p.grad is not None:
                    p -= rate * p.grad


@torch.no_grad()
def silent(net: nn.Sequential, images: Tensor) -> int:
    return int((net[0](images) < 0).all(dim=0).sum())


@torch.no_grad()
def zeros(net: nn.Sequential, images: Tensor) -> float:
    """Share of the hidden values that are exactly 0: the sparsity."""
    return float((net[1](net[0](images)) == 0).double().mean())


@torch.no_grad()
def accuracy(net: nn.Sequential, data: tuple[Tensor, Tensor]) -> float:
    return float((net(data[0]).argmax(dim=1) == data[1]).double().mean())


# --8<-- [end:experiment]
# --8<-- [start:one_step]
def one_step(rate: float, centered: bool, seed: int = 0) -> list[int]:
    """Silent ReLUs at first, after one step, after 100 proper steps."""
    data = digits(centered)
    net = network(*curves()["ReLU"], seed=seed)
    counts = [silent(net, data[0])]
    for size, steps in ((rate, 1), (0.3, 100)):
        descend(net, data, size, steps)
        counts.append(silent(net, data[0]))
    return counts


# --8<-- [end:one_step]
# --8<-- [start:low_bias]
def contenders() -> dict[str, tuple[Curve, Curve]]:
    some = {name: curves()[name] for name in ("ReLU", "LeakyReLU")}
    steeper = (
        partial(leaky_relu, alpha=0.2),
        partial(leaky_relu_slope, alpha=0.2),
    )
    rest = {name: curves()[name] for name in ("ELU", "GELU")}
    return some | {"LeakyReLU 0.2": steeper} | rest


def low_bias(
    value: Curve, slope: Curve, bias: float, rounds: int = 10, seed: int = 0
) -> tuple[float, list[float]]:
    """Gradient of the first weights, accuracy after every 20 steps."""
    data = digits()
    net = network(value, slope, seed)
    with torch.no_grad():
        net[0].bias.fill_(bias)
    descend(net, data, 1e-12, 1)
    gradient = net[0].weight.grad
    first = 0.0 if gradient is None else float(gradient.norm())
    reached = [accuracy(net, data)]
    for _ in range(rounds):
        descend(net, data, 0.5, 20)
        reached.append(accuracy(net, data))
    return first, reached


# --8<-- [end:low_bias]
def wake_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, bias in zip(panels, BIASES[:2], strict=True):
        for name, curve in contenders().items():
            _, reached = low_bias(*curve, bias)
            steps = [20 * k for k in range(len(reached))]
            wide = 5 if name == "ReLU" else 1.8  # stays seen behind others
            axes.plot(steps, reached, label=name, lw=wide)
        axes.set(title=f"all biases start at {bias:g}", xlabel="step")
        axes.grid(visible=True)
    panels[0].set_ylabel("accuracy on the training set")
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3)
    return figure


def main() -> None:
    print("silent of 100 ReLUs     at first   after one step   100 later")
    for centered in (False, True):
        for rate in (1.0, 10.0, 100.0):
            pixels = "centered" if centered else "[0, 1]"
            a, b, c = one_step(rate, centered)
            print(f"{pixels:<9} step {rate:>4.0f} {a:>13} {b:>16} {c:>11}")
    print()
    for name in ("ReLU", "GELU"):
        net, data = network(*curves()[name]), digits()
        shares = [zeros(net, data[0])]
        descend(net, data, 0.5, 200)
        shares.append(zeros(net, data[0]))
        at, then = (f"{share:.0%}" for share in shares)
        print(f"exact zeros after {name}: {at} at first, {then} trained")
    print("\nbias       ", *(f"{bias:>17g}" for bias in BIASES))
    print("            " + "   gradient  learns" * len(BIASES))
    for name, curve in contenders().items():
        cells = []
        for bias in BIASES:
            first, reached = low_bias(*curve, bias)
            learns = "yes" if reached[-1] > 0.5 else "no"
            cells.append(f"{first:>11.0e} {learns:>7}")
        print(f"{name:<13}" + "".join(cells))


if __name__ == "__main__":
    main()
