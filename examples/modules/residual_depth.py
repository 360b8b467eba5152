"""Sixteen blocks with and without the shortcut, before any training.

    residual  x <- relu(x + F(x))        plain  x <- relu(F(x))

Both start from the very same weights. Measured along the depth: the root
mean square of dL/dx at the input of each block, over that at the last
output, and how often the nearest neighbor of a digit, judged by x, is the
same digit. L is a random weighted sum of the last output.

Shapes: images (b, 1, 8, 8); x (b, 16, 4, 4) after the stem. Raises
ValueError when ``blocks`` is below 1.
"""

import torch
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from torch import Tensor, nn

from examples.modules.residual import ResidualBlock

BLOCKS = 16  # two convolutions each, a stem and a classifier: 34 layers
WIDTH = 16
SEEDS = (0, 1, 2)
KINDS = {
    "plain": (False, False),
    "plain, BN": (False, True),
    "residual": (True, False),
    "residual, BN": (True, True),
}
STYLES = {
    "plain": ("#ea7a17", "--"),
    "plain, BN": ("#ea7a17", "-"),
    "residual": ("#3b82f6", "--"),
    "residual, BN": ("#3b82f6", "-"),
}


# --8<-- [start:blocks]
class PlainBlock(ResidualBlock):
    """The same layers and weights; only the sum is gone."""

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        return torch.relu(self.branch(x))


def stem(width: int) -> nn.Sequential:
    conv = nn.Conv2d(1, width, 3, stride=2, padding=1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(width), nn.ReLU())


def tower(residual: bool, blocks: int, width: int) -> list[ResidualBlock]:
    if blocks < 1:
        raise ValueError(f"blocks is {blocks}; must be at least 1")
    kind = ResidualBlock if residual else PlainBlock
    return [kind(width, width) for _ in range(blocks)]


def remove_norms(block: ResidualBlock) -> None:
    for i, layer in enumerate(block.branch):
        if isinstance(layer, nn.BatchNorm2d):
            block.branch[i] = nn.Identity()


# --8<-- [end:blocks]
def digits() -> tuple[Tensor, Tensor]:
    images, labels = load_digits(return_X_y=True)
    x = torch.tensor(images).view(-1, 1, 8, 8) / 8 - 1
    return x.to(torch.get_default_dtype()), torch.tensor(labels)


# --8<-- [start:travel]
def nearest_agree(x: Tensor, labels: Tensor) -> float:
    """Share of rows whose nearest other row has the same label."""
    distance = torch.cdist(x.flatten(1), x.flatten(1))
    distance.fill_diagonal_(torch.inf)
    return float((labels[distance.argmin(1)] == labels).double().mean())


def travel(
    kind: str, seed: int, blocks: int = BLOCKS, images: int = 256
) -> tuple[list[float], list[float]]:
    """Gradients and neighbors at each block's input and at the end."""
    residual, norms = KINDS[kind]
    x, y = digits()
    torch.manual_seed(seed)
    start, chain = stem(WIDTH), tower(residual, blocks, WIDTH)
    states = [start(x[:images]).detach().requires_grad_()]
    for block in chain:
        if not norms:
            remove_norms(block)
        states.append(block(states[-1]))
    upstream = torch.randn_like(states[-1])
    gradients = torch.autograd.grad(states[-1], states, upstream)
    sizes = [float(g.square().mean().sqrt()) for g in gradients]
    neighbors = [nearest_agree(s.detach(), y[:images]) for s in states]
    return [size / sizes[-1] for size in sizes], neighbors


# --8<-- [end:travel]
def depth_figure() -> Figure:
    figure = Figure(figsize=(6.4, 5.4), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True)
    for kind, (color, line) in STYLES.items():
        pairs = [travel(kind, seed) for seed in SEEDS]
        for axes, which in ((top, 0), (bottom, 1)):
            runs = torch.tensor([pair[which] for pair in pairs])
            if which == 0:
                runs = runs.log10()
            mean, depth = runs.mean(0), range(runs.shape[1])
            axes.plot(depth, mean, line, color=color, label=kind)
            low, high = runs.amin(0), runs.amax(0)
            axes.fill_between(depth, low, high, color=color, alpha=0.15)
    top.set_yticks([0, -5, -10, -15], ["1", "1e-5", "1e-10", "1e-15"])
    top.set_ylabel("size of dL/dx")
    bottom.axhline(0.1, color="#757b84", linestyle=":")
    bottom.text(0.2, 0.12, "chance", color="#757b84")
    bottom.set(ylim=(0, 1), ylabel="same digit as\nthe nearest neighbor")
    bottom.set_xlabel("blocks passed, before any training")
    for axes in (top, bottom):
        axes.grid(visible=True)
    handles, names = top.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=4)
    return figure


def main() -> None:
    print("16 blocks        gradient at the input   neighbors agree")
    print("                 (power of ten)          first    last")
    for kind in KINDS:
        pairs = [travel(kind, seed) for seed in SEEDS]
        gradient = torch.tensor([sizes[0] for sizes, _ in pairs])
        ends = torch.tensor([[n[0], n[-1]] for _, n in pairs]).mean(0)
        power = round(float(gradient.log10().mean()))
        first, last = ends.tolist()
        print(f"{kind:<16}{power:>12} {first:>20.1f} {last:>7.1f}")


if __name__ == "__main__":
    main()
