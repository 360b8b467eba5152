"""Training with gradients by hand: digits, and an honest split.

scikit-learn's 1797 digits come from 13 writers, each of whom wrote one run
of them. A shuffled split puts every hand on both sides; a split in order
asks mostly about hands that were not seen. After inria.github.io/
scikit-learn-mooc/python_scripts/cross_validation_grouping.html.

Shapes: images (n, 64) in [-1, 1], targets one-hot (n, 10). Raises
ValueError for an unknown split and a rate that is not positive.
"""

from collections.abc import Callable, Sequence

import torch
from sklearn.datasets import load_digits
from torch import Tensor
from torch.nn.functional import one_hot

from examples.architectures.feedforward import (
    Layers,
    backward,
    cross_entropy,
    forward,
    initialize,
)
from examples.modules.activation import Curve, curves

Batches = Sequence[tuple[Tensor, Tensor]]
Loss = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
TRAINED_ON = 1200


# --8<-- [start:step]
def gradients(
    layers: Layers,
    batch: tuple[Tensor, Tensor],
    loss: Loss,
    curve: tuple[Curve, Curve],
) -> tuple[Tensor, Layers]:
    (x, target), (value, slope) = batch, curve
    inputs, sums = forward(layers, x, value)
    error, delta = loss(sums[-1], target)
    return error, backward(layers, inputs, sums, delta, slope)[0]


def descend(
    layers: Layers,
    batches: Batches,
    loss: Loss,
    curve: tuple[Curve, Curve],
    rate: float = 0.1,
) -> Tensor:
    """Gradient descent in place; the loss before every step."""
    if not rate > 0:
        raise ValueError(f"rate is {rate}; it must be positive")
    errors = []
    for batch in batches:
        error, found = gradients(layers, batch, loss, curve)
        for (w, b), (dw, db) in zip(layers, found, strict=True):
            w -= rate * dw
            b -= rate * db
        errors.append(error)
    return torch.stack(errors)


# --8<-- [end:step]
# --8<-- [start:digits]
def split(kind: str, seed: int = 0) -> tuple[Tensor, ...]:
    """Training images and labels, then those of the test."""
    if kind not in ("shuffled", "in order"):
        raise ValueError(f"kind is {kind!r}; not 'shuffled' or 'in order'")
    data, target = load_digits(return_X_y=True)
    x = torch.tensor(data, dtype=torch.get_default_dtype()) / 8 - 1
    y = torch.tensor(target)
    if kind == "shuffled":
        random = torch.Generator().manual_seed(seed)
        order = torch.randperm(len(x), generator=random)
        x, y = x[order], y[order]
    m = TRAINED_ON
    return x[:m], y[:m], x[m:], y[m:]


def epoch(x: Tensor, y: Tensor, size: int = 32) -> Batches:
    """Every image once, in a new order."""
    order = torch.randperm(len(x)).split(size)
    target = one_hot(y, 10).to(x.dtype)
    return [(x[chosen], target[chosen]) for chosen in order]


def accuracy(layers: Layers, x: Tensor, y: Tensor) -> float:
    _, sums = forward(layers, x, curves()["ReLU"][0])
    return float((sums[-1].argmax(-1) == y).double().mean())


# --8<-- [end:digits]
def main() -> None:
    print("64-100-10, ReLU        epoch 1   epoch 5   epoch 30")
    for kind in ("shuffled", "in order"):
        x, y, x_test, y_test = split(kind)
        layers = initialize([64, 100, 10])
        seen, unseen = [], []
        for done in range(1, 31):
            batches = epoch(x, y)
            descend(layers, batches, cross_entropy, curves()["ReLU"])
            if done in (1, 5, 30):
                seen.append(f"{accuracy(layers, x, y):>10.2f}")
                unseen.append(f"{accuracy(layers, x_test, y_test):>10.2f}")
        print(f"{kind:<9} training", *seen)
        print(f"{kind:<9} test    ", *unseen)


if __name__ == "__main__":
    main()
