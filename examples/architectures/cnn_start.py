"""Where VGG-16 starts: five ways to draw its weights, without and with BN.

Thirteen layers multiply whatever factor a single layer has. The paper drew
from a normal distribution of "zero mean and 10^-2 variance", which is often
read as a deviation of 0.01; both are here. Biases are 0 throughout, except
in PyTorch's own default.

Shapes: images (b, 1, 32, 32) for training, two photographs (2, 3, 32, 32)
to follow. Raises ValueError for an unknown kind.
"""

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from skimage import data
from torch import Tensor, nn

from examples.architectures.cnn_training import BATCH, centered_digits
from examples.architectures.vgg import VGG

STYLES = {
    "variance 0.01": ("#a35fe0", "-"),
    "He": ("#1f9d6b", "-"),
    "Glorot": ("#0e9aa7", "--"),
    "PyTorch": ("#ea7a17", "-"),
    "deviation 0.01": ("#e5484d", "--"),
    "PyTorch, BN": ("#3b82f6", "-"),
}


# --8<-- [start:redraw]
def redraw(model: nn.Module, kind: str) -> None:
    if kind not in STYLES:
        raise ValueError(f"kind is {kind!r}; must be one of {list(STYLES)}")
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            if kind.startswith("PyTorch"):
                layer.reset_parameters()
            elif kind == "Glorot":
                nn.init.xavier_uniform_(layer.weight)
            elif kind != "He":  # which is how VGG is made here
                std = 0.1 if kind == "variance 0.01" else 0.01
                nn.init.normal_(layer.weight, std=std)


@torch.no_grad()
def differences_left(kind: str, seed: int = 0) -> list[float]:
    """How far apart the maps of two photographs are, layer by layer."""
    torch.manual_seed(seed)
    model = VGG(16, classes=0, norm=kind.endswith("BN"))  # full width
    redraw(model, kind)
    photos = (data.astronaut()[:64:2, 180:244:2], data.chelsea()[:32, :32])
    x = torch.tensor(np.stack(photos)).permute(0, 3, 1, 2) / 127.5 - 1
    found = []
    for stage in model.stages:
        for layer in stage.children():
            x = layer(x)  # (2, c, h, w)
            if isinstance(layer, nn.ReLU):
                found.append(float((x[0] - x[1]).square().mean().sqrt()))
        x = F.max_pool2d(x, 2)
    return found


# --8<-- [end:redraw]
def first_losses(kind: str, seed: int, steps: int = 48) -> list[float]:
    """Training losses of a VGG-16 of width 4 without dropout."""
    x, y = centered_digits(train=True)
    torch.manual_seed(seed)
    norm = kind.endswith("BN")
    model = VGG(16, 10, 4, norm=norm, in_channels=1, dropout=0)
    redraw(model, kind)
    optimizer = torch.optim.Adam(model.parameters(), 0.002)
    losses: list[float] = []
    while len(losses) < steps:
        for chosen in torch.randperm(len(x)).split(BATCH):
            loss = F.cross_entropy(model(x[chosen]), y[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
    return losses


def smooth(losses: list[float]) -> Tensor:
    return torch.tensor(losses).unfold(0, 8, 1).mean(dim=1)


def start_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.9), layout="constrained")
    left, right = figure.subplots(1, 2)
    for kind, (color, line) in STYLES.items():
        style = {"color": color, "linestyle": line}
        left.plot(range(1, 14), differences_left(kind), label=kind, **style)
        if kind in ("He", "PyTorch", "PyTorch, BN"):
            curve = smooth(first_losses(kind, 0))
            right.plot(range(8, 8 + len(curve)), curve, **style)
    left.set(yscale="log", ylabel="difference of two images")
    left.set(xlabel="layer", title="before training")
    left.set_xticks((1, 4, 7, 10, 13))
    right.axhline(torch.tensor(10.0).log().item(), color="#757b84", ls=":")
    right.text(30, 2.36, "guessing", color="#757b84")
    right.set(xlabel="step", ylabel="training loss", ylim=(0, 3))
    right.set_title("width 4, without dropout")
    for axes in (left, right):
        axes.grid(visible=True)
    figure.legend(loc="outside lower center", ncols=3)
    return figure
