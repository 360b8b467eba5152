"""Zero padding tells a convolutional network where it is.

One bright dot in the dark: is it in the left half? Convolutions, a mean
over all positions and one linear layer are trained on every position there
is. With circular padding the mean cannot depend on the position. With zero
padding L layers tell apart the 2 L - 1 columns nearest to each side, so at
best 1/2 + (2 L - 1) / w of the positions are right:
arxiv.org/abs/2001.08248, arxiv.org/abs/2003.07064.

Shapes: images (b, 1, h, w), features (b, c), logits (b,).
"""

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor, nn

from examples.modules.convolution import Convolution, convolve_im2col

H, W, CHANNELS = 4, 12, 16
DEPTHS = (1, 2, 4)
PADDINGS = {"zero": "constant", "circular": "circular"}


# --8<-- [start:network]
class LeftOrRight(nn.Module):
    def __init__(self, depth: int, padding: str) -> None:
        super().__init__()
        self.mode = PADDINGS[padding]
        inputs = [1] + [CHANNELS] * (depth - 1)
        self.layers = nn.ModuleList(
            Convolution(channels, CHANNELS, 3) for channels in inputs
        )
        for channels, layer in zip(inputs, self.layers, strict=True):
            std = (2 / (9 * channels)) ** 0.5
            nn.init.normal_(layer.weight, std=std)
        self.head = nn.Linear(CHANNELS, 1)

    def features(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            padded = F.pad(x, [1] * 4, mode=self.mode)
            x = convolve_im2col(padded, layer.weight, layer.bias).relu()
        return x.mean((2, 3))  # no position left, one would think

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))[:, 0]


# --8<-- [end:network]
# --8<-- [start:train]
def every_dot(h: int, w: int) -> tuple[Tensor, Tensor]:
    """One image for each position of the dot, and whether it is left."""
    x = 4 * torch.eye(h * w).view(h * w, 1, h, w)
    return x, (torch.arange(h * w) % w < w // 2).float()


def best_possible(depth: int) -> float:
    return min(1.0, 0.5 + (2 * depth - 1) / W)


def trained_accuracy(depth: int, padding: str, seed: int) -> float:
    torch.manual_seed(seed)
    model, (x, left) = LeftOrRight(depth, padding), every_dot(H, W)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(150):
        loss = F.binary_cross_entropy_with_logits(model(x), left)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return ((model(x) > 0) == (left > 0.5)).float().mean().item()


# --8<-- [end:train]
def shift_of_features(depth: int, padding: str, w: int = 24) -> Tensor:
    """By column of the dot: the distance from the middle's features."""
    torch.manual_seed(0)
    model = LeftOrRight(depth, padding).double()
    x = every_dot(H, w)[0][:w].double()  # the dots of the top row
    with torch.no_grad():
        y = model.features(x)
    return (y - y[w // 2]).abs().amax(1)  # (w,)


def columns_figure() -> Figure:
    figure = Figure(figsize=(6.2, 3.3), layout="constrained")
    axes = figure.subplots()
    for depth, mark in zip((2, 4, 6), "osD", strict=True):
        distance = shift_of_features(depth, "zero").clamp_min(1e-17)
        axes.semilogy(distance, marker=mark, ms=4, label=f"{depth} layers")
    distance = shift_of_features(6, "circular").clamp_min(1e-17)
    axes.semilogy(distance, "--", c="#e5484d", label="circular, 6 layers")
    axes.axhspan(1e-18, 1e-14, color="#757b84", alpha=0.15)
    axes.text(11.5, 1e-15, "rounding", ha="center")
    axes.set(
        xlabel="column of the dot, 24 in all",
        ylabel="change of the mean features",
        ylim=(1e-18, 1e3),
    )
    axes.grid()
    axes.legend(ncols=2, loc="upper center")
    return figure


def main() -> None:
    print("dots put in the correct half, %, after training")
    print("layers  at best  zero padding  circular padding")
    for depth in DEPTHS:
        print(f"{depth:>6} {100 * best_possible(depth):>8.0f}", end="")
        for padding, width in (("zero", 13), ("circular", 17)):
            correct = trained_accuracy(depth, padding, seed=0)
            print(f" {100 * correct:>{width}.0f}", end="")
        print()


if __name__ == "__main__":
    main()
