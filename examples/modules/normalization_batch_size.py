"""What a small batch does to BN: one network, three ways to judge it.

A three-layer CNN reads 640 of scikit-learn's 8 × 8 digits once, at batch
size 2, 8 and 32, the learning rate in proportion to the batch size. BN is
judged twice on the same held-out images: with the statistics of test
batches as large as the training batches, and with its running statistics.
GN has no such choice. Everything else is equal; two seeds each.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from torch import Tensor, nn

from examples.modules.normalization import BatchNorm, GroupNorm

BATCH_SIZES = (2, 8, 32)
SEEDS = (0, 1)
Data = tuple[Tensor, Tensor, Tensor, Tensor]
STYLES = {
    "GN": ("#ea7a17", "s-"),
    "BN, running statistics": ("#3b82f6", "o-"),
    "BN, batch statistics": ("#3b82f6", "o--"),
}


def digits() -> Data:
    images, labels = load_digits(return_X_y=True)
    x = torch.tensor(images, dtype=torch.float32).view(-1, 1, 8, 8) / 8 - 1
    y = torch.tensor(labels)
    random = torch.Generator().manual_seed(0)
    train, test, _ = torch.randperm(len(x), generator=random).split(640)
    test = test[:576]  # both lengths are divisible by 32
    return x[train], y[train], x[test], y[test]


def small_cnn(kind: str, pooled: bool = True) -> nn.Sequential:
    layers: list[nn.Module] = []
    for c_in, c_out, stride in [(1, 16, 1), (16, 32, 2), (32, 32, 2)]:
        norm = BatchNorm(c_out) if kind == "BN" else GroupNorm(4, c_out)
        conv = nn.Conv2d(c_in, c_out, 3, stride, padding=1, bias=False)
        layers += [conv, norm, nn.ReLU()]  # ends at (b, 32, 2, 2)
    if pooled:
        layers.append(nn.AdaptiveAvgPool2d(1))
    features = 32 if pooled else 32 * 2 * 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(features, 10))


# --8<-- [start:train_and_judge]
def train(model: nn.Module, batch: int, x: Tensor, y: Tensor) -> None:
    optimizer = torch.optim.SGD(
        model.parameters(), lr=0.1 * batch / 32, momentum=0.9
    )
    for chosen in torch.randperm(len(x)).split(batch):
        optimizer.zero_grad()
        F.cross_entropy(model(x[chosen]), y[chosen]).backward()
        optimizer.step()


@torch.no_grad()
def accuracy(model: nn.Module, batch: int, x: Tensor, y: Tensor) -> float:
    logits = torch.cat([model(part) for part in x.split(batch)])
    return (logits.argmax(dim=1) == y).double().mean().item()


def judge(
    kind: str, batch: int, seed: int, data: Data, pooled: bool = True
) -> tuple[float, float]:
    """Test accuracy in evaluation mode and in training mode."""
    x, y, x_test, y_test = data
    torch.manual_seed(seed)
    model = small_cnn(kind, pooled)
    train(model, batch, x, y)
    running = accuracy(model.eval(), batch, x_test, y_test)
    return running, accuracy(model.train(), batch, x_test, y_test)


# --8<-- [end:train_and_judge]
def sweep(seeds: Sequence[int] = SEEDS) -> dict[str, list[list[float]]]:
    """Accuracy by curve, batch size and seed."""
    scores: dict[str, list[list[float]]] = {name: [] for name in STYLES}
    data = digits()
    for batch in BATCH_SIZES:
        gn = [judge("GN", batch, seed, data) for seed in seeds]
        bn = [judge("BN", batch, seed, data) for seed in seeds]
        scores["GN"].append([pair[0] for pair in gn])
        scores["BN, running statistics"].append([pair[0] for pair in bn])
        scores["BN, batch statistics"].append([pair[1] for pair in bn])
    return scores


def lost_without_pooling(seeds: Sequence[int] = SEEDS) -> float:
    data = digits()
    pairs = [judge("BN", 2, seed, data, pooled=False) for seed in seeds]
    return sum(running - batch for running, batch in pairs) / len(seeds)


def batch_size_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    axes = figure.subplots()
    for name, by_batch in sweep().items():
        color, style = STYLES[name]
        scores = torch.tensor(by_batch)  # (batch sizes, seeds)
        low, high = scores.amin(1), scores.amax(1)
        mean = scores.mean(1)
        axes.plot(BATCH_SIZES, mean, style, color=color, label=name)
        axes.fill_between(BATCH_SIZES, low, high, color=color, alpha=0.15)
    axes.set_xscale("log", base=2)
    axes.set_xticks(BATCH_SIZES, labels=[str(b) for b in BATCH_SIZES])
    axes.set_xlabel("batch size, in training and in test")
    axes.set_ylabel("test accuracy")
    axes.grid()
    axes.legend(loc="lower right")
    return figure


def main() -> None:
    lost = {}
    for name, by_batch in sweep().items():
        mean = torch.tensor(by_batch).mean(dim=1)  # (batch sizes,)
        lost[name] = mean[-1] - mean[0]
    lost["the same without pooling"] = lost_without_pooling()
    for name, loss in lost.items():
        verdict = "loses" if loss > 0.05 else "keeps"
        print(f"{name:<24} {verdict} its accuracy at batch size 2")


if __name__ == "__main__":
    main()
