"""Ten and thirty-four layers on digits, with and without the shortcut.

A stem, 4 or 16 blocks of two convolutions at 16 channels, global average
pooling and a linear layer read 1024 of scikit-learn's digits three times.
Everything but the sum is equal, the starting weights included. "Identity
start" is the plain network whose convolutions begin as exact copies of
their input (Zagoruyko and Komodakis, arxiv.org/abs/1706.00388).

Raises ValueError for an unknown kind.
"""

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import nn

from examples.modules.residual_depth import WIDTH, digits, stem, tower

TRAINED_ON = 1024
EPOCHS = 3
CURVES = {
    "plain, 10 layers": ("plain", 4, "#ea7a17", "--"),
    "plain, 34 layers": ("plain", 16, "#ea7a17", "-"),
    "residual, 10 layers": ("residual", 4, "#3b82f6", "--"),
    "residual, 34 layers": ("residual", 16, "#3b82f6", "-"),
    "identity start, 34 layers": ("identity start", 16, "#1f9d6b", "-"),
}


# --8<-- [start:network]
def network(kind: str, blocks: int, seed: int) -> nn.Sequential:
    if kind not in ("plain", "residual", "identity start"):
        raise ValueError(
            f"kind is {kind!r}; must be plain, residual or identity start"
        )
    torch.manual_seed(seed)
    start = stem(WIDTH)
    chain = tower(kind == "residual", blocks, WIDTH)
    if kind == "identity start":
        for block in chain:
            for layer in block.branch:
                if isinstance(layer, nn.Conv2d):
                    nn.init.dirac_(layer.weight)
    pool = nn.AdaptiveAvgPool2d(1)
    return nn.Sequential(
        start, *chain, pool, nn.Flatten(), nn.Linear(WIDTH, 10)
    )


# --8<-- [end:network]
# --8<-- [start:train]
def train(
    model: nn.Module, seed: int, lr: float = 0.02, epochs: int = EPOCHS
) -> list[float]:
    """The training loss of every step."""
    x, y = (t[:TRAINED_ON] for t in digits())
    torch.manual_seed(seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    losses = []
    for _ in range(epochs):
        for chosen in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x[chosen]), y[chosen])
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
    return losses


@torch.no_grad()
def accuracy(model: nn.Module, trained_on: bool = False) -> float:
    part = slice(TRAINED_ON) if trained_on else slice(TRAINED_ON, None)
    x, y = (t[part] for t in digits())
    return float((model.eval()(x).argmax(1) == y).double().mean())


# --8<-- [end:train]
# --8<-- [start:remove]
def without_each_block(model: nn.Sequential) -> list[float]:
    """Test accuracy after one block at a time became the identity."""
    scores = []
    for i in range(1, len(model) - 3):  # stem first; pool, flatten, linear
        kept = model[i]
        model[i] = nn.Identity()
        scores.append(accuracy(model))
        model[i] = kept
    return scores


# --8<-- [end:remove]
def training_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.9), layout="constrained")
    axes = figure.subplots()
    for name, (kind, blocks, color, line) in CURVES.items():
        if kind == "identity start":
            continue
        runs = torch.tensor(
            [train(network(kind, blocks, s), s, epochs=2) for s in (0, 1)]
        )
        smooth = runs.unfold(1, 8, 1).mean((0, 2))  # 8 steps, 2 seeds
        axes.plot(range(8, 33), smooth, line, color=color, label=name)
    axes.axhline(torch.tensor(10.0).log().item(), color="#757b84", ls=":")
    axes.text(26.5, 2.35, "guessing", color="#757b84")
    axes.set(xlabel="training step", ylabel="training loss", ylim=(0, 2.6))
    axes.grid(visible=True)
    figure.legend(loc="outside upper center", ncols=2)
    return figure


def removal_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True, width_ratios=(1, 2.6))
    plain, residual = panels
    for axes, (kind, blocks, color) in (
        (plain, ("plain", 4, "#ea7a17")),
        (residual, ("residual", 16, "#3b82f6")),
    ):
        model = network(kind, blocks, 0)
        train(model, 0)
        whole, scores = accuracy(model), without_each_block(model)
        axes.bar(range(1, blocks + 1), scores, color=color)
        axes.axhline(whole, color="#757b84")
        axes.axhline(0.1, color="#757b84", linestyle=":")
        axes.set_title(f"{kind}, {2 * blocks + 2} layers")
        axes.set_xlabel("block removed")
    plain.set(ylabel="test accuracy", ylim=(0, 1), xticks=range(1, 5))
    residual.set_xticks(range(1, 17, 3))
    return figure


def main() -> None:
    print("                         training digits right")
    for kind, blocks, _, _ in CURVES.values():
        model = network(kind, blocks, seed=0)
        train(model, seed=0)
        half = accuracy(model, trained_on=True) > 0.5
        layers, said = 2 * blocks + 2, "more" if half else "less"
        print(f"{kind:<15}{layers:>3} layers   {said} than half")


if __name__ == "__main__":
    main()
