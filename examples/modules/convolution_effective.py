"""How evenly an output looks at its receptive field: not evenly at all.

With independent random weights the expected squared gradient is spread by
one moving average of three a layer, so after n layers it is close to a
Gaussian of variance 2 n / 3, while the field itself is 2 n + 1 wide:
arxiv.org/abs/1701.04128.

Shapes: energy maps (2 n + 1, 2 n + 1), profiles (2 n + 1,), both sum to 1.
"""

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor

from examples.modules.convolution import Convolution

BLUE, ORANGE, INK = "#3b82f6", "#ea7a17", "#757b84"
DEPTHS = (5, 10, 20)


# --8<-- [start:energy]
def energy(depth: int, relu: bool, nets: int = 12, c: int = 16) -> Tensor:
    """Mean squared gradient of one output, for every input pixel."""
    size = 2 * depth + 1
    total = torch.zeros(size, size)
    for seed in range(nets):
        torch.manual_seed(seed)
        x = torch.randn(1, c, size, size, requires_grad=True)
        y = x
        for _ in range(depth):
            layer = Convolution(c, c, 3, bias=False)
            torch.nn.init.normal_(layer.weight, std=(2 / 9 / c) ** 0.5)
            y = layer(y).relu() if relu else layer(y) / 2**0.5
        (gradient,) = torch.autograd.grad(y.sum(), x)  # y (1, c, 1, 1)
        total += gradient.square().sum((0, 1))
    return total / total.sum()


def expected_profile(depth: int) -> Tensor:
    """The columns of the energy, in expectation, without ReLU."""
    profile = torch.ones(1)
    for _ in range(depth):  # one more moving average of three
        profile = F.pad(profile, (2, 2)).unfold(0, 3, 1).mean(1)
    return profile  # (2 depth + 1,)


def effective_width(profile: Tensor, share: float = 0.95) -> int:
    """The columns in the middle that hold this share of the energy."""
    middle = len(profile) // 2
    for half in range(middle):
        if profile[middle - half : middle + half + 1].sum() >= share:
            return 2 * half + 1
    return len(profile)


# --8<-- [end:energy]
def field_figure() -> Figure:
    figure = Figure(figsize=(6.4, 5.6), layout="constrained")
    (shallow, deep), (profile, growth) = figure.subplots(2, 2)
    for axes, depth in ((shallow, DEPTHS[0]), (deep, DEPTHS[-1])):
        axes.imshow(energy(depth, relu=True), cmap="viridis")
        axes.set_title(f"{depth} layers with ReLU: {2 * depth + 1} wide")
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(True)
    n = DEPTHS[-1]
    column = torch.arange(-n, n + 1)
    measured = energy(n, relu=True).sum(0)
    twice = 2 * (2 * n / 3)  # the variance
    gauss = (-(column**2) / twice).exp() / (torch.pi * twice) ** 0.5
    profile.fill_between(
        column, 1 / (2 * n + 1), color=INK, alpha=0.3, label="even"
    )
    dots = {"marker": "o", "ms": 3.5, "color": ORANGE, "lw": 0}
    profile.plot(column, measured, label="measured", **dots)
    profile.plot(column, gauss, color=BLUE, label="Gaussian")
    profile.set(xlabel="column", title=f"share of the energy, {n} layers")
    profile.legend(loc="upper left", handlelength=1)
    profile.set_ylim(0, 0.17)
    depths = range(1, 41)
    growth.plot(depths, [2 * d + 1 for d in depths], color=INK, label="all")
    growth.plot(
        depths,
        [effective_width(expected_profile(d)) for d in depths],
        color=BLUE,
        label="95 % of the energy",
    )
    growth.plot(
        DEPTHS,
        [effective_width(energy(d, relu=True).sum(0)) for d in DEPTHS],
        "o",
        color=ORANGE,
        label="measured, ReLU",
    )
    growth.set(xlabel="layers of 3 × 3", title="columns")
    growth.legend(loc="upper left", handlelength=1)
    for axes in (profile, growth):
        axes.grid()
    return figure


def main() -> None:
    print("columns that hold 95 % of the squared gradient, random weights")
    print("3 × 3 layers  all columns  by formula  linear  ReLU")
    for depth in DEPTHS:
        profiles = [expected_profile(depth)]
        profiles += [energy(depth, relu).sum(0) for relu in (False, True)]
        formula, linear, relu = map(effective_width, profiles)
        print(f"{depth:>12} {2 * depth + 1:>12} {formula:>11}", end="")
        print(f" {linear:>7} {relu:>5}")


if __name__ == "__main__":
    main()
