"""Depth at equal parameters, trained: digits, and the sawtooth itself.

Every network of a row has the same number of parameters, as nearly as
widths allow. Digits: five shuffled splits, the rate chosen by validation,
judged on a test part that took no part. Sawtooth: does training find the
network that the construction writes down in 6k + 1 numbers?

Raises ValueError for a budget too small for one unit a layer.
"""

from itertools import pairwise

import torch
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from torch import Tensor
from torch.nn.functional import one_hot

from examples.architectures.feedforward import (
    cross_entropy,
    forward,
    initialize,
    side_by_side,
    squared_error,
)
from examples.architectures.feedforward_approximation import fit, scattered
from examples.architectures.feedforward_depth import sawtooth
from examples.modules.activation import relu
from examples.modules.linear import parameters

SEEDS = 5
BUDGETS = {1500: "#ea7a17", 5000: "#3b82f6"}


def size(widths: list[int]) -> int:
    return sum(parameters(d, k) for d, k in pairwise(widths))


def widths_for(budget: int, depth: int, d: int, k: int) -> list[int]:
    """Equal hidden layers whose parameters come nearest to the budget."""
    least = size([d, *[1] * depth, k])
    if budget < least:
        raise ValueError(f"budget is {budget}; it must be {least} or more")
    choices = ([d, *[u] * depth, k] for u in range(1, budget))
    return min(choices, key=lambda widths: abs(size(widths) - budget))


# --8<-- [start:digits]
def shuffled_digits(seeds: int = SEEDS) -> tuple[Tensor, Tensor]:
    """Each network its own order: (seeds, 1797, 64), (seeds, 1797)."""
    data, labels = load_digits(return_X_y=True)
    x, y = torch.tensor(data).float() / 8 - 1, torch.tensor(labels)
    random = torch.Generator().manual_seed(0)
    count = len(x)
    orders = [torch.randperm(count, generator=random) for _ in range(seeds)]
    images = torch.stack([x[order] for order in orders])
    return images, torch.stack([y[order] for order in orders])


def digits_right(
    budget: int, depth: int, epochs: int = 40, seeds: int = SEEDS
) -> Tensor:
    """Test accuracy of each seed, at the rate that validation prefers."""
    x, y = shuffled_digits(seeds)
    target = one_hot(y, 10).to(x.dtype)
    widths = widths_for(budget, depth, 64, 10)
    tried = []
    for rate in (0.003, 0.01):
        starts = [initialize(widths, seed) for seed in range(seeds)]
        batches = [
            (x[:, chosen], target[:, chosen])
            for _ in range(epochs)
            for chosen in torch.randperm(1000).split(64)
        ]
        layers = fit(side_by_side(starts), batches, cross_entropy, rate)
        right = forward(layers, x, relu)[1][-1].argmax(-1) == y
        tried.append(right.double())
    best = max(tried, key=lambda right: float(right[:, 1000:1300].mean()))
    return best[:, 1300:].mean(1)


# --8<-- [end:digits]
def sawtooth_gaps(
    k: int, budget: int, depth: int, seeds: int = 10, steps: int = 1500
) -> Tensor:
    """Mean absolute error of each seed on 2^k pieces."""
    x = (torch.arange(128)[:, None] + 0.5) / 128
    target = sawtooth(x, k).expand(seeds, -1, -1)
    widths = widths_for(budget, depth, 1, 1)
    starts = [scattered(widths, seed) for seed in range(seeds)]
    layers = fit(side_by_side(starts), [(x, target)] * steps, squared_error)
    return (forward(layers, x, relu)[1][-1] - target).abs().mean((-2, -1))


def digits_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    axes = figure.subplots()
    depths = (1, 2, 4, 8)
    for budget, color in BUDGETS.items():
        runs = torch.stack([digits_right(budget, d) for d in depths])
        axes.plot(
            range(len(depths)),
            runs.mean(1),
            "o-",
            color=color,
            label=f"{budget:,} parameters",
        )
        for place, scores in enumerate(runs):
            axes.plot([place] * SEEDS, scores, "_", color=color, ms=12)
    names = []
    for depth in depths:
        widths = [widths_for(b, depth, 64, 10)[1] for b in BUDGETS]
        names.append(f"{depth}\n{widths[0]} or {widths[1]} units")
    axes.set_xticks(range(len(depths)), names)
    axes.set(xlabel="hidden layers", ylabel="test accuracy, digits")
    axes.grid(visible=True)
    axes.legend()
    return figure


def main() -> None:
    print("300 parameters, ten starts: how many reach an error below 0.01")
    print("pieces  by hand with    1 × 100    2 × 15     4 × 9")
    for k in (2, 3, 4):
        row = f"{2**k:>6} {6 * k + 1:>5} numbers "
        for depth in (1, 2, 4):
            solved = int((sawtooth_gaps(k, 300, depth) < 0.01).sum())
            said = "all" if solved == 10 else "some"
            row += f"{'few' if solved <= 1 else said:>10}"
        print(row)


if __name__ == "__main__":
    main()
