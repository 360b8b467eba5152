"""Does a shift by one pixel change the class? Four ways to halve a map.

Digits enlarged to 16 × 16 inside a frame of 20 × 20 pass two random 3 × 3
convolutions with ReLU, each followed by one way of halving the map. Only
the classifier on top is fitted, by ridge regression in closed form, so what
differs is the halving. The test digits are shifted by one pixel.
"""

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import Tensor, nn

from examples.modules.pooling import AvgPool, MaxPool
from examples.modules.pooling_shift import MaxBlurPool
from examples.modules.pooling_strided import StridedConv

SHIFTS = ((0, 0), (0, 1), (1, 0), (1, 1))
TRAINING, TEST = 600, 300  # digits of the 1797
KINDS = (
    "strided convolution",
    "max pooling",
    "average pooling",
    "max, then blur",
)


# --8<-- [start:features]
def halving(kind: str, channels: int) -> nn.Module:
    return {
        "strided convolution": StridedConv(channels, channels, 2, 2),
        "max pooling": MaxPool(2),
        "average pooling": AvgPool(2),
        "max, then blur": MaxBlurPool(),
    }[kind]


def random_network(kind: str, seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    first = StridedConv(1, 16, 3, stride=1, padding=1)
    second = StridedConv(16, 16, 3, stride=1, padding=1)
    return nn.Sequential(
        *(first, nn.ReLU(), halving(kind, 16)),
        *(second, nn.ReLU(), halving(kind, 16)),
        nn.Flatten(),
    )  # (b, 1, 20, 20) -> (b, 400)


# --8<-- [end:features]
# --8<-- [start:judge]
def framed_digits() -> tuple[Tensor, Tensor]:
    images, labels = load_digits(return_X_y=True)
    x = torch.tensor(images, dtype=torch.float32).view(-1, 1, 8, 8) / 8 - 1
    x = F.interpolate(x, size=16, mode="bilinear")
    x = F.pad(x, [2] * 4, value=-1.0)  # room to shift into
    random = torch.Generator().manual_seed(0)
    order = torch.randperm(len(x), generator=random)[: TRAINING + TEST]
    return x[order], torch.tensor(labels)[order]


@torch.no_grad()
def accuracy_and_consistency(
    kind: str, seed: int, x: Tensor, y: Tensor
) -> tuple[float, float]:
    """Share of digits read right, and of those that no shift changes."""
    network = random_network(kind, seed)
    features = network(x[:TRAINING]).double()  # (n, d)
    mean, scale = features.mean(dim=0), features.std()
    known = (features - mean) / scale
    target = 2 * F.one_hot(y[:TRAINING], 10).double() - 1
    penalty = 0.01 * TRAINING * torch.eye(len(known), dtype=torch.float64)
    products = known @ known.T + penalty  # (n, n)
    weights = known.T @ torch.linalg.solve(products, target)  # (d, 10)
    guesses = []
    for shift in SHIFTS:
        moved = network(x[TRAINING:].roll(shift, dims=(2, 3))).double()
        guesses.append(((moved - mean) / scale @ weights).argmax(dim=1))
    right = guesses[0] == y[TRAINING:]
    steady = torch.stack([g == guesses[0] for g in guesses]).all(dim=0)
    return right.double().mean().item(), steady.double().mean().item()


# --8<-- [end:judge]
def main() -> None:
    x, y = framed_digits()
    print("                     accuracy    same class after every shift")
    for kind in KINDS:
        runs = [accuracy_and_consistency(kind, n, x, y) for n in range(3)]
        accuracy, steady = torch.tensor(runs).mean(dim=0).tolist()
        verdict = "above 0.95" if accuracy > 0.95 else "below 0.95"
        print(f"{kind:<20} {verdict} {steady:>28.1f}")


if __name__ == "__main__":
    main()
