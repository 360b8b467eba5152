"""Attention weights on a photograph, before anything is learned.

A photograph is cut into patches of 8 × 8 pixels, one token each. Queries
and keys are the same eight principal components of a patch, at length
2 sqrt(8), so that a score grows with the cosine of the angle between two.
Averaging patches by their likeness is the idea of non-local means.
"""

import torch
from matplotlib.figure import Figure
from skimage import data
from torch import Tensor

from examples.modules.self_attention import attend

PATCH = 8
QUERIES = ((18, 37), (6, 6), (37, 56))  # row and column of a patch


def photograph_weights() -> tuple[Tensor, Tensor]:
    """Pixels (h, w, 3) and weights (rows, columns, rows, columns)."""
    pixels = torch.tensor(data.coffee()) / 255  # (400, 600, 3)
    patches = pixels.unflatten(0, (-1, PATCH)).unflatten(2, (-1, PATCH))
    grid = patches.transpose(1, 2)  # (rows, columns, 8, 8, 3)
    x = grid.flatten(2).flatten(0, 1)  # (n, 192)
    left, _, _ = torch.linalg.svd(x - x.mean(0), full_matrices=False)
    tokens = torch.nn.functional.normalize(left[:, :8]) * 2 * 8**0.5
    _, weights = attend(tokens, tokens, tokens)  # (n, n)
    rows, columns = grid.shape[:2]
    return pixels, weights.view(rows, columns, rows, columns)


def weights_figure() -> Figure:
    pixels, weights = photograph_weights()
    colors = ("#3b82f6", "#1f9d6b", "#a35fe0")
    figure = Figure(figsize=(6.4, 4.5), layout="constrained")
    first, *others = figure.subplots(2, 2).flat
    first.imshow(pixels)
    first.set_title("three queries", fontsize=10)
    for panel, place, color in zip(others, QUERIES, colors, strict=True):
        row, column = place
        box = {"marker": "s", "ms": 8, "mew": 2, "mfc": color}
        center = (PATCH * (column + 0.5), PATCH * (row + 0.5))
        first.plot(*center, mec="white", **box)
        panel.imshow(weights[row, column], cmap="magma")
        box = {"marker": "s", "ms": 6, "mew": 2, "mfc": "none"}
        panel.plot(column, row, mec=color, **box)
        panel.set_title("weights of query ■", color=color, fontsize=10)
    for panel in (first, *others):
        panel.axis("off")
    return figure
