"""What 50 layers do to a signal and to its gradient, measured.

    h = f(x W^T),   Var(w) = gain^2 / width,   no bias, no training

Forward is the root mean square of each layer's output, backward that of the
gradient at each layer's input, where the gradient at the last output is
random with root mean square 1.

Shapes: x (n, width); weights (width, width) a layer, float64. Raises
ValueError for a depth or width that is not positive.
"""

import math

import torch
from matplotlib.figure import Figure
from torch import Tensor

from examples.modules.activation import Curve, curves
from examples.modules.activation_gain import gain

DEPTH = 50
WIDTH = 128
SHOWN = ("Sigmoid", "Tanh", "ReLU", "SELU", "GELU")


# --8<-- [start:travel]
def scale(x: Tensor) -> float:
    return float(x.square().mean().sqrt())


def travel(
    value: Curve,
    slope: Curve,
    factor: float,
    depth: int = DEPTH,
    width: int = WIDTH,
    seed: int = 0,
) -> tuple[list[float], list[float]]:
    """Scales of the outputs and of the gradients, first layer first."""
    if depth < 1 or width < 1:
        raise ValueError(f"depth is {depth}, width {width}; must be > 0")
    random = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=random, dtype=torch.float64)

    x, steps, outputs = normal(64, width), [], []
    for _ in range(depth):
        w = normal(width, width) * factor / math.sqrt(width)
        z = x @ w.T
        steps.append((w, z))
        x = value(z)
        outputs.append(scale(x))
    dx, gradients = normal(64, width), []
    for w, z in reversed(steps):
        dx = (dx * slope(z)) @ w
        gradients.append(scale(dx))
    return outputs, gradients[::-1]


# --8<-- [end:travel]
def depth_figure() -> Figure:
    figure = Figure(figsize=(6.4, 5.6), layout="constrained")
    panels = figure.subplots(2, 3, sharex=True, sharey="row")
    titles = ("gain 1", "gain by formula", "gain 2")
    for column, title in enumerate(titles):
        panels[0, column].set_title(title)
        panels[1, column].set_xlabel("layer")
        for name in SHOWN:
            value, slope = curves()[name]
            factor = (1.0, gain(value), 2.0)[column]
            outputs, gradients = travel(value, slope, factor)
            for axes, series in zip(
                panels[:, column], (outputs, gradients), strict=True
            ):
                axes.semilogy(range(1, DEPTH + 1), series, label=name)
    panels[0, 0].set_ylabel("scale of the output")
    panels[1, 0].set_ylabel("scale of the gradient")
    for axes in panels.flat:
        axes.grid(visible=True)
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=5)
    return figure


def main() -> None:
    print("powers of ten from one end to the other of 50 layers")
    print("              gain 1          gain by formula       gain 2")
    print("          output gradient    output gradient    output gradient")
    for name in SHOWN:
        value, slope = curves()[name]
        cells = []
        for factor in (1.0, gain(value), 2.0):
            outputs, gradients = travel(value, slope, factor)
            out, back = math.log10(outputs[-1]), math.log10(gradients[0])
            cells.append(f"{round(out) or 0:>6} {round(back) or 0:>8}")
        print(f"{name:<10}" + "    ".join(cells))


if __name__ == "__main__":
    main()
