"""Which kernels a trained Inception uses: by their weights, by muting them.

    share  squares of the weights that read a branch, over those of all four
    lost   test accuracy minus that with the branch muted

Muted is a branch whose channels stay at their mean over half of the
training digits. There are four blocks whose branches all give 8 channels,
so that shares start near 1/4. Raises ValueError for a block that does not
exist.
"""

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from examples.architectures.inception_small import (
    TRAINED,
    SmallInception,
    small_accuracy,
    train_small,
)
from examples.modules.residual_depth import digits

BRANCH_NAMES = ("1 × 1", "3 × 3", "5 × 5", "pool")
EACH = 8  # channels of a branch
READS = nn.Conv2d | nn.Linear


def readers(model: SmallInception, block: int) -> list[Tensor]:
    """The weights (out, c, ...) that read what a block gives."""
    if not 0 <= block < len(model.blocks):
        raise ValueError(f"block is {block}; must be 0 to 3")
    after = [model.classifier]
    if block + 1 < len(model.blocks):
        after = model.blocks[block + 1].branches.children()
    found = []
    for part in after:
        layers = part.modules()
        found.append(next(m for m in layers if isinstance(m, READS)).weight)
    return found


def shares(model: SmallInception, block: int) -> list[float]:
    squares = torch.zeros(len(BRANCH_NAMES))
    for weight in readers(model, block):
        channels = weight.detach().square().transpose(0, 1).flatten(1)
        squares += channels.sum(1).view(len(BRANCH_NAMES), EACH).sum(1)
    return (squares / squares.sum()).tolist()


# --8<-- [start:muting]
@torch.no_grad()
def losses_when_muted(model: SmallInception, block: int) -> list[float]:
    """The accuracy lost without each of the four branches."""
    whole, lost = small_accuracy(model), []
    outputs: list[Tensor] = []
    layer = model.blocks[block]
    hook = layer.register_forward_hook(lambda _m, _x, y: outputs.append(y))
    model.eval()(digits()[0][: TRAINED // 2])
    hook.remove()
    means = outputs[0].mean((0, 2, 3))[:, None, None]  # (c, 1, 1)
    for i in range(len(BRANCH_NAMES)):
        part = slice(EACH * i, EACH * (i + 1))

        def mute(
            _m: nn.Module, _x: object, y: Tensor, part: slice = part
        ) -> Tensor:
            y = y.clone()
            y[:, part] = means[part]
            return y

        hook = layer.register_forward_hook(mute)
        lost.append(whole - small_accuracy(model))
        hook.remove()
    return lost


# --8<-- [end:muting]
def usage(seed: int, epochs: int = 3) -> tuple[Tensor, Tensor]:
    """Shares and losses, (block, branch) each, of one training."""
    torch.manual_seed(seed)
    model = SmallInception()
    train_small(model, seed, epochs, lr=1e-2)
    blocks = range(len(model.blocks))
    return (
        torch.tensor([shares(model, block) for block in blocks]),
        torch.tensor([losses_when_muted(model, block) for block in blocks]),
    )


def usage_figure() -> Figure:
    figure = Figure(figsize=(6.4, 4.6), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True)
    runs = [usage(seed) for seed in (0, 1, 2)]
    colors = ("#757b84", "#3b82f6", "#ea7a17", "#1f9d6b")
    for axes, which in ((top, 0), (bottom, 1)):
        found = torch.stack([run[which] for run in runs])
        for i, (name, color) in enumerate(
            zip(BRANCH_NAMES, colors, strict=True)
        ):
            at = torch.arange(found.shape[1]) + 0.2 * (i - 1.5)
            mean = found[:, :, i].mean(0)
            label = name if which == 0 else None
            axes.bar(at, mean, 0.18, color=color, alpha=0.6, label=label)
            for run in found[:, :, i]:
                axes.plot(at, run, "o", color=color, markersize=3)
        axes.grid(visible=True, axis="y")
    top.axhline(0.25, color="#757b84", linestyle=":")
    top.set(ylabel="share of the weights\nthat read it", ylim=(0, 0.5))
    bottom.set(ylabel="accuracy lost\nwhen muted", xlabel="block")
    bottom.set_xticks(
        range(4), ["1, 8 × 8", "2, 8 × 8", "3, 4 × 4", "4, 4 × 4"]
    )
    figure.legend(loc="outside upper center", ncols=4)
    return figure
