"""What a box and a Gauss of equal spread do to every frequency.

The response of a symmetric kernel k at f cycles per pixel is
H(f) = sum over n of k[n] cos(2 pi f n): the factor by which the filter
multiplies a wave of that frequency.
"""

import numpy as np
from matplotlib.figure import Figure

from examples.image_processing.filtering import correlate, gaussian_kernel

BLUE, ORANGE, INK = "#3b82f6", "#ea7a17", "#757b84"


# --8<-- [start:response]
def response(kernel: np.ndarray, f: np.ndarray) -> np.ndarray:
    n = np.arange(kernel.size) - kernel.size // 2
    return np.cos(2 * np.pi * np.outer(f, n)) @ kernel


def rivals() -> dict[str, np.ndarray]:
    """A box of 9 and the Gauss of its variance, (81 - 1) / 12."""
    return {
        "box 9": np.full(9, 1 / 9),
        "Gauss": gaussian_kernel(25, np.sqrt((9**2 - 1) / 12)),
    }


def chirp(columns: int = 640, last: float = 0.3) -> np.ndarray:
    """A wave whose frequency grows from 0 to `last` cycles per pixel."""
    x = np.arange(columns)
    return np.cos(np.pi * last * x**2 / columns)[np.newaxis, :]


# --8<-- [end:response]
def response_figure() -> Figure:
    f = np.linspace(0, 0.5, 501)
    wave = chirp()
    figure = Figure(figsize=(6.4, 6.2), layout="constrained")
    top, *below = figure.subplots(4, 1, height_ratios=(5, 2, 2, 2))
    colors = dict(zip(rivals(), (ORANGE, BLUE), strict=True))
    top.axhline(0, color=INK, lw=0.8)
    for name, kernel in rivals().items():
        top.plot(f, response(kernel, f), color=colors[name], label=name)
    negative = np.minimum(response(rivals()["box 9"], f), 0)
    top.fill_between(f, negative, 0, color=ORANGE, alpha=0.3, lw=0)
    top.set(xlabel="frequency, cycles per pixel", ylabel="factor H(f)")
    top.set_xlim(0, 0.5)
    top.annotate(
        "negative: black\nand white swap",
        (0.16, -0.2),
        (0.24, 0.42),
        color=ORANGE,
        arrowprops={"arrowstyle": "->", "color": ORANGE},
    )
    top.legend(loc="upper right")
    waves = {"input": wave} | {
        name: correlate(wave, kernel[np.newaxis, :], "replicate")
        for name, kernel in rivals().items()
    }
    frequency = 0.3 * np.arange(wave.size) / wave.size
    for panel, (name, y) in zip(below, waves.items(), strict=True):
        panel.plot(frequency, y[0], color=colors.get(name, INK), lw=1)
        panel.set(ylim=(-1.15, 1.15), xlim=(0, 0.3), yticks=(-1, 0, 1))
        panel.set_ylabel(name)
        for zero in (1 / 9, 2 / 9):
            panel.axvline(zero, color=INK, lw=0.7, ls=":")
    below[-1].set_xlabel("frequency of the wave at this place")
    return figure
