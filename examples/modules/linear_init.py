"""Initial weights: Xavier, Kaiming and LeCun from one variance, measured.

For independent weights of mean 0, and f the activation before the layer,

    Var(y) = fan_in Var(w) E[f(z)^2]           forward
    Var(dx) = fan_out Var(w) E[f'(z)^2] ...    backward

    LeCun    Var(w) = 1 / fan_in
    Xavier   Var(w) = 2 gain^2 / (fan_in + fan_out)
             proceedings.mlr.press/v9/glorot10a.html
    Kaiming  Var(w) = gain^2 / fan             arxiv.org/abs/1502.01852

A uniform law on (-a, a) has variance a^2 / 3, so a = sqrt(3 Var(w)).

Shapes: weight (k, d) or (k, c, h, w); fan_in = d or c h w, fan_out = k or
k h w. Raises ValueError for fewer than two axes and an unknown fan.
"""

import math
from itertools import pairwise

import torch
from matplotlib.figure import Figure
from torch import Tensor

DEPTH = 30


# --8<-- [start:init]
def fans(weight: Tensor) -> tuple[int, int]:
    if weight.dim() < 2:
        raise ValueError(
            f"weight is {tuple(weight.shape)}; it must have 2 axes or more"
        )
    window = weight[0, 0].numel()  # 1 for a linear layer, h w for a kernel
    return weight.shape[1] * window, weight.shape[0] * window


def variance(weight: Tensor, kind: str, gain: float = 1.0) -> float:
    fan_in, fan_out = fans(weight)
    rules = {
        "lecun": 1 / fan_in,
        "xavier": 2 * gain**2 / (fan_in + fan_out),
        "kaiming fan_in": gain**2 / fan_in,
        "kaiming fan_out": gain**2 / fan_out,
        "torch": 1 / (3 * fan_in),  # uniform on ± 1 / sqrt(fan_in)
    }
    if kind not in rules:
        raise ValueError(f"kind is {kind!r}; it must be in {list(rules)}")
    return rules[kind]


@torch.no_grad()
def uniform(weight: Tensor, kind: str, gain: float = 1.0) -> Tensor:
    bound = math.sqrt(3 * variance(weight, kind, gain))
    return weight.uniform_(-bound, bound)


@torch.no_grad()
def normal(weight: Tensor, kind: str, gain: float = 1.0) -> Tensor:
    return weight.normal_(0, math.sqrt(variance(weight, kind, gain)))


# --8<-- [end:init]
# --8<-- [start:through]
def through(
    kind: str, gain: float, widths: list[int], seed: int = 0
) -> tuple[list[float], list[float]]:
    """Scale of the outputs, and of the gradients, of layers with ReLU."""
    torch.manual_seed(seed)
    x = torch.randn(128, widths[0], dtype=torch.float64)
    outputs, steps = [], []
    for d, k in pairwise(widths):
        w = normal(torch.empty(k, d, dtype=torch.float64), kind, gain)
        z = x @ w.T
        steps.append((w, z > 0))
        x = z.clamp(min=0)
        outputs.append(float(x.square().mean().sqrt()))
    dy, gradients = torch.randn_like(x), []
    for w, open_gates in reversed(steps):
        dy = (dy * open_gates) @ w
        gradients.append(float(dy.square().mean().sqrt()))
    return outputs, gradients[::-1]


def settings() -> dict[str, tuple[str, float, float]]:
    """Rule, gain, and the factor of one ReLU layer of equal width."""
    return {
        "gain 2": ("kaiming fan_in", 2.0, math.sqrt(2)),
        "Kaiming, gain √2": ("kaiming fan_in", math.sqrt(2), 1.0),
        "Xavier = LeCun, gain 1": ("xavier", 1.0, math.sqrt(1 / 2)),
        "torch default": ("torch", 1.0, math.sqrt(1 / 6)),
    }


# --8<-- [end:through]
def variance_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.9), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    layers = range(1, DEPTH + 1)
    for name, (kind, gain, factor) in settings().items():
        both = through(kind, gain, [256] * (DEPTH + 1))
        for axes, series in zip(panels, both, strict=True):
            (line,) = axes.semilogy(layers, series, ".", ms=6, label=name)
            power = [factor**n for n in layers]
            first = power if axes is panels[0] else power[::-1]
            axes.plot(layers, first, color=line.get_color(), lw=1)
    for axes, title in zip(panels, ("output", "gradient"), strict=True):
        axes.set(title=f"scale of the {title}", xlabel="layer")
        axes.grid(visible=True)
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2)
    return figure


def main() -> None:
    print(f"{DEPTH} layers with ReLU, powers of ten from end to end")
    print("                          output  gradient  formula")
    for name, (kind, gain, factor) in settings().items():
        outputs, gradients = through(kind, gain, [256] * (DEPTH + 1))
        ends = [math.log10(v) for v in (outputs[-1], gradients[0])]
        print(
            f"{name:<24} {ends[0]:>7.1f} {ends[1]:>9.1f} "
            f"{DEPTH * math.log10(factor) + 0.0:>8.1f}"
        )
    taper = [512, 448, 384, 320, 256, 192, 128, 64]
    print(f"\nwidths {taper[0]} to {taper[-1]} in 7 layers, gain √2")
    for kind in ("kaiming fan_in", "kaiming fan_out", "xavier"):
        outputs, gradients = through(kind, math.sqrt(2), taper)
        print(f"{kind:<16}{outputs[-1]:>7.2f} {gradients[0]:>9.2f}")


if __name__ == "__main__":
    main()
