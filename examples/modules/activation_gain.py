"""How much each activation shrinks a signal, and the gain that makes up.

For z normal with mean 0 and variance 1 a layer keeps its scale when the
weights have variance gain^2 / fan_in with

    forward  gain = 1 / sqrt(E[f(z)^2])      outputs keep their scale
    backward gain = 1 / sqrt(E[f'(z)^2])     gradients keep theirs

The integrals are sums over a fine grid. SELU's two constants are the
solution of E[f(z)] = 0 and E[f(z)^2] = 1 (arxiv.org/abs/1706.02515).

Shapes: activations of (n,) points. Raises ValueError for a variance that is
not positive.
"""

import math

import torch
from matplotlib.figure import Figure
from torch import nn

from examples.modules.activation import Curve, curves, selu


# --8<-- [start:gain]
def normal_mean(f: Curve, mean: float = 0.0, var: float = 1.0) -> float:
    """E[f(z)] for normal z, midpoint rule, 12 deviations a side."""
    if not var > 0:
        raise ValueError(f"var is {var}; it must be positive")
    edges = torch.linspace(-12, 12, 20_001, dtype=torch.float64)
    z = (edges[1:] + edges[:-1]) / 2
    density = torch.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    step = float(edges[1] - edges[0])
    return float((f(mean + math.sqrt(var) * z) * density).sum() * step)


def gain(f: Curve) -> float:
    return normal_mean(lambda z: f(z) ** 2) ** -0.5


# --8<-- [end:gain]
# --8<-- [start:selu]
def selu_constants() -> tuple[float, float]:
    def below(x: float) -> float:  # the normal CDF
        return math.erfc(-x / math.sqrt(2)) / 2

    once = math.exp(1 / 2) * below(-1)  # E[e^z where z < 0]
    twice = math.exp(2) * below(-2)  # E[e^2z where z < 0]
    alpha = 1 / math.sqrt(2 * math.pi) / (1 / 2 - once)
    square = 1 / 2 + alpha**2 * (twice - 2 * once + 1 / 2)
    return alpha, square**-0.5


def layer_moments(f: Curve, mean: float, var: float) -> tuple[float, float]:
    """Mean and variance after f, where they were mean and var before."""
    after = normal_mean(f, mean, var)
    return after, normal_mean(lambda z: (f(z) - after) ** 2, mean, var)


# --8<-- [end:selu]
def next_layer(mean: float, var: float) -> tuple[float, float]:
    """After weights of variance 1 / n: z has mean 0, variance E[x^2]."""
    return layer_moments(selu, 0.0, var + mean**2)


def measured(mean: float, var: float, depth: int, width: int = 600):
    random = torch.Generator().manual_seed(0)
    x = mean + math.sqrt(var) * torch.randn(64, width, generator=random)
    points = []
    for _ in range(depth):
        points.append((float(x.mean()), float(x.var())))
        w = torch.randn(width, width, generator=random)
        x = selu(x @ w.T / math.sqrt(width))
    return points


def fixed_point_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.4), layout="constrained")
    panels = figure.subplots(1, 2)
    starts = ((0.0, 0.1), (1.0, 0.2), (-1.0, 1.0), (0.0, 3.0))
    for number, start in enumerate(starts):
        path = [start]
        for _ in range(15):
            path.append(next_layer(*path[-1]))
        dots = measured(*start, depth=16)
        for k, axes in enumerate(panels):
            color = f"C{number}"
            axes.plot([p[k] for p in path], lw=1.2, color=color)
            axes.plot([p[k] for p in dots], ".", color=color)
            axes.set_xlabel("layer")
    panels[0].set_title("mean")
    panels[1].set_title("variance")
    for axes, target in zip(panels, (0, 1), strict=True):
        axes.axhline(target, color="#757b84", lw=0.8, ls="--")
    return figure


def main() -> None:
    known = {
        "Sigmoid": nn.init.calculate_gain("sigmoid"),
        "Tanh": nn.init.calculate_gain("tanh"),
        "ReLU": nn.init.calculate_gain("relu"),
        "LeakyReLU": nn.init.calculate_gain("leaky_relu"),
        "SELU": nn.init.calculate_gain("selu"),
    }
    print("           E[f]   forward gain   backward gain   torch")
    for name, (value, slope) in curves().items():
        theirs = f"{known[name]:.3f}" if name in known else "-"
        print(
            f"{name:<10}{round(normal_mean(value), 2) + 0.0:>5.2f} "
            f"{gain(value):>14.3f} "
            f"{gain(slope):>15.3f} {theirs:>7}"
        )
    alpha, scale = selu_constants()
    print(f"\nSELU: alpha {alpha:.10f}, scale {scale:.10f}")
    for var in (0.5, 1.0, 2.0):
        mean, after = layer_moments(selu, 0.0, var)
        mean = round(mean, 3) + 0.0
        print(f"  variance {var} -> mean {mean:.3f}, variance {after:.3f}")


if __name__ == "__main__":
    main()
