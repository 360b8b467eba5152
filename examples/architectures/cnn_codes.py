"""The two tables that LeNet-5 was given by hand: its C3 and its codes.

The paper drew its own bitmaps of 7 × 12 for the full ASCII set. These are
digits of seven segments in the same format: look-alikes get similar codes.

Shapes: codes (10, 84) of -1 and 1.
"""

import torch
from matplotlib.figure import Figure
from torch import Tensor

from examples.architectures.cnn import C3_READS

SEGMENTS = (
    *("abcdef", "bc", "abdeg", "abcdg", "bcfg"),
    *("acdfg", "acdefg", "abc", "abcdefg", "abcdfg"),
)
STROKES = {  # rows and columns, from and to
    "a": (0, 2, 0, 7),
    "g": (5, 7, 0, 7),
    "d": (10, 12, 0, 7),
    "f": (0, 7, 0, 2),
    "b": (0, 7, 5, 7),
    "e": (5, 12, 0, 2),
    "c": (5, 12, 5, 7),
}


def digit_codes() -> Tensor:
    bitmaps = -torch.ones(10, 12, 7)
    for bitmap, lit in zip(bitmaps, SEGMENTS, strict=True):
        for segment in lit:
            top, bottom, left, right = STROKES[segment]
            bitmap[top:bottom, left:right] = 1
    return bitmaps.flatten(1)  # (10, 84)


def tables_figure() -> Figure:
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    top, bottom = figure.subplots(2, 1, height_ratios=(1.3, 1))
    for column, maps in enumerate(C3_READS):
        color = ("#3b82f6", "#1f9d6b", "#ea7a17", "#757b84")[
            (column > 5) + (column > 11) + (column > 14)
        ]
        top.scatter([column] * len(maps), maps, 110, color, marker="s")
    top.set(xticks=range(16), yticks=range(6), ylim=(5.6, -0.6))
    top.set(xlabel="map of C3", ylabel="reads map of S2")
    top.grid(visible=True)
    codes = digit_codes().view(10, 12, 7)
    sheet = torch.full((12, 10 * 9 - 2), torch.nan)
    for digit, bitmap in enumerate(codes):
        sheet[:, 9 * digit : 9 * digit + 7] = bitmap
    bottom.imshow(-sheet, cmap="gray", vmin=-1.6, vmax=1.2)
    bottom.set(xticks=[9 * d + 3 for d in range(10)], yticks=[])
    bottom.set_xticklabels(range(10))
    bottom.set_xlabel("code of each class: 7 × 12 values of ±1")
    bottom.spines[:].set_visible(False)
    bottom.tick_params(length=0)
    return figure
