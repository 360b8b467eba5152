"""Which levels survive: the error of every level in three float formats.

A level comes back if its error stays within half a level; the figure shows
how far from that limit float16 and bfloat16 are.
"""

import torch
from matplotlib.figure import Figure

from examples.opencv.tensors import MEAN, STD, there_and_back

COLORS = {torch.bfloat16: "#3b82f6", torch.float16: "#ea7a17"}


def errors_figure() -> Figure:
    figure = Figure(figsize=(6.4, 4.6), layout="constrained")
    panels = figure.subplots(2, 1, sharex=True, sharey=True)
    cases = {
        "x = v / 255": (0.0, 1.0),
        "z = (x - mean) / std, red channel": (MEAN[0], STD[0]),
    }
    for panel, title in zip(panels, cases, strict=True):
        mean, std = cases[title]
        panel.axhspan(-0.5, 0.5, color="#1f9d6b", alpha=0.14, lw=0)
        for dtype, color in COLORS.items():
            levels, back = there_and_back(dtype, mean, std)
            label = str(dtype).removeprefix("torch.")
            style = {"ls": "", "marker": ".", "ms": 4, "color": color}
            panel.plot(levels, back - levels, label=label, **style)
        panel.set_title(title)
        panel.set(ylabel="error, gray levels", ylim=(-0.6, 0.6))
        panel.set(yticks=(-0.5, 0, 0.5), xticks=(0, 64, 128, 192, 255))
        panel.grid(axis="y")
    panels[0].legend(loc="lower left", ncols=2, markerscale=2)
    panels[1].set_xlabel("level v")
    return figure
