"""One row of pixels, pooled before and after a shift by one pixel."""

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from examples.modules.pooling_shift import every_way

PERIOD = (0.0, 0.0, 1.0, 1.0)


def image_of(shift: int) -> Tensor:
    """The signal 0 0 1 1 … as an image of equal rows."""
    row = torch.tensor(PERIOD).repeat(6).roll(shift)  # (24,)
    return row.expand(1, 1, 24, 24)


def pooled_row(pool: nn.Module, shift: int) -> Tensor:
    return pool(image_of(shift))[0, 0, 4, 2:10]  # borders left out


def signal_figure() -> Figure:
    ways = every_way()
    figure = Figure(figsize=(6.4, 7), layout="constrained")
    rows = figure.subplots(1 + len(ways), 2, sharey=True)
    for shift, axes in enumerate(rows[0]):
        row = image_of(shift)[0, 0, 0, 4:20]
        orange = {"linefmt": "C1-", "markerfmt": "C1o", "basefmt": " "}
        axes.stem(range(16), row, **orange)
        axes.set_title(("input", "shifted by one pixel")[shift], loc="left")
    for panels, (name, pool) in zip(rows[1:], ways.items(), strict=True):
        for shift, axes in enumerate(panels):
            axes.stem(range(8), pooled_row(pool, shift), basefmt=" ")
        panels[0].set_title(name, fontsize=10, loc="left")
    for axes in rows.flat:
        axes.set(ylim=(-0.1, 1.25), xticks=(), yticks=(0, 1))
        axes.grid(axis="y")
    return figure
