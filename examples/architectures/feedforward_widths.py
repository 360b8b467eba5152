"""Drawings: networks of growing width against one period of a sine."""

import math

import torch
from matplotlib.figure import Figure

from examples.architectures.feedforward import forward
from examples.architectures.feedforward_approximation import (
    staircase,
    straight_pieces,
    trained,
    wave,
    worst,
)
from examples.modules.activation import curves

INK = "#757b84"
BLUE, ORANGE, GREEN = "#3b82f6", "#ea7a17", "#1f9d6b"


def best_line_error(slopes: int = 2001) -> float:
    """Smallest largest error of a + b x; by symmetry the best a is -b/2."""
    x = torch.linspace(0, 1, 2001)[:, None]
    b = torch.linspace(-3, 3, slopes)
    return float((wave(x) - b * (x - 0.5)).abs().amax(0).min())


def built_figure() -> Figure:
    """Eight units, built twice and trained, inside [0, 1] and beyond."""
    figure = Figure(figsize=(6.4, 2.9), layout="constrained")
    panels = figure.subplots(1, 3, sharey=True)
    x = torch.linspace(-0.35, 1.35, 1021, dtype=torch.float64)[:, None]
    relu, sigmoid = curves()["ReLU"][0], curves()["Sigmoid"][0]
    drawn = (
        ("8 ReLUs, built", BLUE, straight_pieces(wave, 8), relu),
        ("8 sigmoids, built", ORANGE, staircase(wave, 8), sigmoid),
        ("8 ReLUs, trained", GREEN, trained(wave, 8), relu),
    )
    for axes, one in zip(panels, drawn, strict=True):
        title, color, layers, value = one
        axes.axvspan(0, 1, color=INK, alpha=0.12)
        axes.plot(x, wave(x), "--", color=INK, lw=1.2)
        z = forward(layers, x.to(layers[0][0].dtype), value)[1][-1]
        for line in z if z.dim() == 3 else z[None]:
            axes.plot(x, line, color=color, lw=1.5)
        axes.set(title=title, xticks=(0, 1), ylim=(-2.2, 2.2), xlabel="x")
    return figure


def rates_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.9), layout="constrained")
    axes = figure.subplots()
    relu, sigmoid = curves()["ReLU"][0], curves()["Sigmoid"][0]
    units = [4, 8, 16, 32, 64, 128]
    steep = [worst(staircase(wave, m), wave, sigmoid) for m in units]
    axes.plot(units, steep, "o-", color=ORANGE, label="steep sigmoids")
    axes.plot(units, [math.pi / m for m in units], ":", color=ORANGE)
    wide = [staircase(wave, m - 20, 2, 10) for m in units[3:]]
    gaps = [worst(layers, wave, sigmoid) for layers in wide]
    axes.plot(units[3:], gaps, "s--", color=ORANGE, label="wide sigmoids")
    straight = [worst(straight_pieces(wave, m), wave, relu) for m in units]
    axes.plot(units, straight, "o-", color=BLUE, label="ReLUs, built")
    bound = [math.pi**2 / 2 / m**2 for m in units]
    axes.plot(units, bound, ":", color=BLUE)
    runs = torch.stack([worst(trained(wave, m), wave, relu) for m in units])
    middle = runs.median(1).values
    axes.plot(units, middle, "D-", color=GREEN, label="ReLUs, trained")
    axes.fill_between(
        units, runs.amin(1), runs.amax(1), color=GREEN, alpha=0.18
    )
    line = best_line_error()
    axes.axhline(line, color=INK, ls="--")
    axes.text(46, line * 1.15, "the best straight line", color=INK)
    axes.set(xscale="log", yscale="log", xlabel="hidden units")
    axes.set_xticks(units, [str(m) for m in units], minor=False)
    axes.minorticks_off()
    axes.set(ylabel="largest error on [0, 1]", ylim=(1e-4, 3))
    axes.grid(visible=True)
    figure.legend(loc="outside upper center", ncols=4)
    return figure
