"""The gradient that auxiliary heads add, block by block, before training.

    main    rms of dL(z) / dx at the input x of a block
    heads   rms of 0.3 d(L(z_4a) + L(z_4d)) / dx at the same place

For the network of nine blocks on digits with three starts: BN, He's start
without BN, and PyTorch's own without BN. Raises ValueError for an unknown
start.
"""

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from examples.architectures.inception_loss import joint_loss
from examples.architectures.inception_small import SmallInception
from examples.architectures.inception_supervision import DEEP, SLIM
from examples.architectures.vgg import he_initialize
from examples.modules.residual_depth import digits

STARTS = {"BN": "#3b82f6", "He": "#1f9d6b", "PyTorch": "#ea7a17"}
NAMES = ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")


def fresh(start: str, seed: int) -> SmallInception:
    if start not in STARTS:
        raise ValueError(f"start is {start!r}; must be in {list(STARTS)}")
    torch.manual_seed(seed)
    model = SmallInception(DEEP, SLIM, heads=(2, 5), norm=start == "BN")
    if start == "He":
        he_initialize(model)
    return model


def gradient_sizes(start: str, seed: int) -> tuple[Tensor, Tensor]:
    """Of the classifier's loss and of the heads', at all nine inputs."""
    model, (x, y) = fresh(start, seed), digits()
    inputs: list[Tensor] = []

    def note(_m: nn.Module, given: tuple[Tensor]) -> None:
        inputs.append(given[0])

    for block in model.blocks:
        block.register_forward_pre_hook(note)
    found = model.all_logits(x[:128])
    main = joint_loss(found[:1], y[:128])
    heads = joint_loss(found, y[:128]) - main
    sizes = []
    for loss in (main, heads):
        gradients = torch.autograd.grad(
            loss, inputs, retain_graph=True, allow_unused=True
        )  # none after the last head
        sizes.append(torch.stack([rms(g) for g in gradients]))
    return sizes[0], sizes[1]


def rms(g: Tensor | None) -> Tensor:
    return torch.zeros(()) if g is None else g.square().mean().sqrt()


def heads_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.8), layout="constrained")
    axes = figure.subplots()
    for start, color in STARTS.items():
        runs = [gradient_sizes(start, seed) for seed in (0, 1, 2)]
        for which, line in ((0, "-"), (1, "--")):
            sizes = torch.stack([run[which] for run in runs])
            mean = sizes.log10().mean(0)
            name = f"{start}, {('classifier', 'heads')[which]}"
            shown = mean.isfinite()
            axes.plot(
                torch.arange(9)[shown],
                mean[shown],
                line,
                color=color,
                label=name,
            )
    axes.set_xticks(range(9), NAMES)
    ticks = range(-9, -2, 2)
    axes.set_yticks(ticks, [f"1e{tick}" for tick in ticks])
    axes.set(xlabel="block", ylabel="gradient at its input")
    axes.grid(visible=True)
    figure.legend(loc="outside upper center", ncols=3)
    return figure


def main() -> None:
    print("gradients at the input of 3a, as powers of ten")
    print("start      of the classifier   heads over classifier")
    for start in STARTS:
        runs = [gradient_sizes(start, seed) for seed in (0, 1, 2)]
        own, added = (
            float(torch.stack([r[i][0] for r in runs]).log10().mean())
            for i in (0, 1)
        )
        print(f"{start:<11}{round(own):>10}{round(added - own):>20}")


if __name__ == "__main__":
    main()
