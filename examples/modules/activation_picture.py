"""The ten curves with their derivatives, and SoftPlus closing in on ReLU.

    0 < softplus_b(x) - relu(x) <= log(2) / b,   equality at x = 0

so SoftPlus goes to ReLU uniformly as b grows. Blue is the value, orange the
derivative. Raises nothing of its own.
"""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from examples.modules.activation import (
    curves,
    gelu,
    gelu_tanh,
    relu,
    sigmoid,
    softplus,
    softplus_slope,
)


def axis_lines(axes: Axes) -> None:
    axes.axhline(0, color="#757b84", lw=0.6)
    axes.axvline(0, color="#757b84", lw=0.6)


def curves_figure() -> Figure:
    figure = Figure(figsize=(6.4, 7.2), layout="constrained")
    panels = figure.subplots(4, 3, sharex=True).flat
    x = torch.linspace(-4, 4, 401, dtype=torch.float64)
    for axes, (name, (value, slope)) in zip(
        panels, curves().items(), strict=False
    ):
        axes.plot(x, value(x), color="C0")
        axes.plot(x, slope(x), color="C1", lw=1.3)
        axes.set(title=name, ylim=(-2, 3))
    difference, gate = list(figure.axes)[-2:]
    difference.plot(x, 1000 * (gelu_tanh(x) - gelu(x)), color="C3")
    difference.set(title="(tanh form - GELU) · 1000")
    for a in (-2.0, -1.0, 1.0, 2.0):
        gate.plot(x, a * sigmoid(x), color="C2", lw=1.3)
        gate.text(4.1, a, f"a={a:+.0f}", va="center", fontsize=8)
    gate.set(title="GLU: a σ(x)", ylim=(-2, 3))
    for axes in figure.axes:
        axis_lines(axes)
    figure.axes[0].text(-3.8, 2.3, "value", color="#3b82f6")
    figure.axes[0].text(-3.8, 1.6, "derivative", color="#ea7a17")
    return figure


def beta_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.0), layout="constrained")
    left, right = figure.subplots(1, 2)
    x = torch.linspace(-3, 3, 301, dtype=torch.float64)
    for beta in (1.0, 2.0, 5.0, 20.0):
        left.plot(x, softplus(x, beta), lw=1.3, label=f"beta {beta:g}")
        right.plot(x, softplus_slope(x, beta), lw=1.3)
    left.plot(x, relu(x), color="#757b84", ls="--", label="ReLU")
    right.plot(x, (x > 0).double(), color="#757b84", ls="--")
    left.set_title("SoftPlus")
    right.set_title("its derivative, σ(βx)")
    left.legend()
    for axes in (left, right):
        axis_lines(axes)
    return figure
