"""Drawing: the pixels that three layers of 3 × 3 see, and their paths."""

import torch
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from examples.modules.hdc import measured_counts, path_counts

RATES = ((2, 2, 2), (1, 2, 3), (1, 2, 9), (1, 2, 5))


def coverage_figure() -> Figure:
    figure = Figure(figsize=(6.4, 6.8), layout="constrained")
    panels = figure.subplots(2, 2).flat
    for axes, rates in zip(panels, RATES, strict=True):
        counts = measured_counts(rates)
        n = len(counts)
        shade = (counts / counts.max()).sqrt()  # the tails stay visible
        shade = torch.where(counts > 0, 0.15 + 0.85 * shade, 0.0)
        color = torch.tensor(to_rgb("#3b82f6")).expand(n, n, 3)
        axes.imshow(torch.cat([color, shade[..., None]], -1))
        edges = [i - 0.5 for i in range(n + 1)]
        line = {"color": "#757b84", "linewidth": 0.4}
        axes.hlines(edges, -0.5, n - 0.5, **line)
        axes.vlines(edges, -0.5, n - 0.5, **line)
        middle = n // 2
        axes.plot(middle, middle, "o", color="#ea7a17", ms=5)
        name = "-".join(map(str, rates))
        part = f"{int((counts > 0).sum())} of {n * n} pixels"
        axes.set_title(f"{name}: {part}", fontsize=12)
        axes.set(xlim=(-0.7, n - 0.3), ylim=(n - 0.3, -0.7))
        along = path_counts(rates).tolist()
        size = 9 if n < 15 else 7
        axes.set_xticks(range(n), map(str, along), fontsize=size)
        axes.set(yticks=[])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
    return figure
