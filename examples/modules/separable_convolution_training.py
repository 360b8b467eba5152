"""At equal cost: few full channels or many separable ones?

A stem and three layers at 4 × 4, global average pooling and a linear layer
read 1024 of scikit-learn's digits three times. "Separable" has BN between
depthwise and pointwise, "activated" BN and ReLU; "narrow" is full again,
with so few channels that it costs about as much as the separable ones.

Raises ValueError for an unknown kind.
"""

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from torch import Tensor, nn

TRAINED_ON = 1024
SEEDS = (0, 1, 2)
KINDS = {
    "full": (32, "#3b82f6"),
    "separable": (32, "#1f9d6b"),
    "activated": (32, "#a35fe0"),
    "narrow": (12, "#ea7a17"),
}


def digits() -> tuple[Tensor, Tensor]:
    images, labels = load_digits(return_X_y=True)
    x = torch.tensor(images, dtype=torch.float32).view(-1, 1, 8, 8)
    return x / 8 - 1, torch.tensor(labels)


# --8<-- [start:layers]
def norm_relu(channels: int) -> list[nn.Module]:
    return [nn.BatchNorm2d(channels), nn.ReLU()]


def layer(kind: str, c: int) -> list[nn.Module]:
    if kind in ("full", "narrow"):
        return [nn.Conv2d(c, c, 3, padding=1, bias=False), *norm_relu(c)]
    if kind not in ("separable", "activated"):
        raise ValueError(f"kind is {kind!r}; must be one of {list(KINDS)}")
    between = norm_relu(c)[: 2 if kind == "activated" else 1]
    depth = nn.Conv2d(c, c, 3, padding=1, groups=c, bias=False)
    return [depth, *between, nn.Conv2d(c, c, 1, bias=False), *norm_relu(c)]


def network(kind: str, seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    c, _ = KINDS.get(kind, (1, ""))
    stem = [nn.Conv2d(1, c, 3, 2, padding=1, bias=False), *norm_relu(c)]
    body = [module for _ in range(3) for module in layer(kind, c)]
    pool = [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*stem, *body, *pool, nn.Linear(c, 10))


# --8<-- [end:layers]
def train(kind: str, seed: int, epochs: int = 3) -> tuple[nn.Module, float]:
    """The trained network and its test accuracy."""
    x, y = digits()
    model = network(kind, seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for _ in range(epochs):
        for chosen in torch.randperm(TRAINED_ON).split(64):
            optimizer.zero_grad()
            F.cross_entropy(model(x[chosen]), y[chosen]).backward()
            optimizer.step()
    with torch.no_grad():
        right = model.eval()(x).argmax(1) == y
    return model, float(right[TRAINED_ON:].double().mean())


def size(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def rank_one(matrices: Tensor) -> float:
    """The mean share of energy in the first singular value."""
    energy = torch.linalg.svdvals(matrices).square()
    return float((energy[..., 0] / energy.sum(-1)).mean())


def shares(weight: Tensor) -> tuple[float, float]:
    """As column times row, and as one depthwise and pointwise pair."""
    by_input = weight.detach().transpose(0, 1)  # (c, o, kh, kw)
    return rank_one(by_input), rank_one(by_input.flatten(2))


def accuracy_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    axes = figure.subplots()
    names = []
    for at, (kind, (_, color)) in enumerate(KINDS.items()):
        scores = [train(kind, seed)[1] for seed in SEEDS]
        mean = sum(scores) / len(scores)
        axes.plot([at] * len(scores), scores, "o", color=color, alpha=0.6)
        axes.plot([at], [mean], "_", color=color, markersize=40, mew=2)
        names.append(f"{kind}\n{size(network(kind, 0)):,}")
    axes.set_xticks(range(len(KINDS)), names)
    axes.set(xlim=(-0.5, len(KINDS) - 0.5), ylim=(0.65, 1))
    axes.set(xlabel="parameters", ylabel="test accuracy, 3 seeds")
    axes.grid(visible=True)
    return figure


def main() -> None:
    means, found = {}, []
    print("            channels  parameters")
    for kind, (channels, _) in KINDS.items():
        runs = [train(kind, seed) for seed in SEEDS]
        means[kind] = sum(score for _, score in runs) / len(runs)
        print(f"{kind:<12}{channels:>8}{size(runs[0][0]):>12,}")
        if kind == "full":
            models = [network(kind, 0), *(model for model, _ in runs)]
            weights = [[*m.parameters()][3:10:3] for m in models]
            found = [[shares(w) for w in layers] for layers in weights]
    order = means["full"] > means["separable"] > means["narrow"]
    print("full above separable above narrow:", order)
    by_layer = torch.tensor(found)  # (1 + seeds, layers, 2)
    print("energy of full 3 × 3 kernels that one pair keeps")
    names = ("column and row", "depthwise, pointwise")
    for column, name in enumerate(names):
        start = by_layer[0, :, column].mean()
        learned = by_layer[1:, :, column].mean(0)
        print(f"{name:<21} random {start:.1f}, learned, by layer", end="")
        print("".join(f" {share:.1f}" for share in learned))


if __name__ == "__main__":
    main()
