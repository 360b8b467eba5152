"""A convolution is a matrix, mostly zeros and with the same few numbers.

Row (o, i, j) holds the weights of one output, column (c, y, x) those of
one input: y.flatten() = matrix @ x.flatten() + bias. The zeros are
locality, the repetitions are weight sharing.

Shapes: weight (o, c / g, kh, kw), matrix (o h' w', c h w). Raises
ValueError as ``output_size`` does.
"""

from itertools import product

import numpy as np
import torch
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from torch import Tensor

from examples.modules.convolution import output_size

COLORS = ("#3b82f6", "#ea7a17", "#1f9d6b")
INK = "#757b84"


# --8<-- [start:convolution_matrix]
def convolution_matrix(
    weight: Tensor,
    h: int,
    w: int,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> Tensor:
    out, per_group, kh, kw = weight.shape
    rows = output_size(h, kh, stride, padding, dilation)
    columns = output_size(w, kw, stride, padding, dilation)
    matrix = weight.new_zeros(out, rows, columns, per_group * groups, h, w)
    for o, c, u, v in product(*map(range, weight.shape)):
        channel = o // (out // groups) * per_group + c
        for i, j in product(range(rows), range(columns)):
            y = stride * i + dilation * u - padding
            x = stride * j + dilation * v - padding
            if 0 <= y < h and 0 <= x < w:
                matrix[o, i, j, channel, y, x] = weight[o, c, u, v]
    return matrix.flatten(3).flatten(0, 2)  # (o h' w', c h w)


# --8<-- [end:convolution_matrix]
def sharing_figure() -> Figure:
    """Which parameter stands where, for 10 inputs and 8 outputs."""
    taps = torch.tensor([1.0, 2, 3])[None, None, None]
    shared = convolution_matrix(taps, 1, 10).numpy()  # (8, 10)
    local = shared > 0
    figure = Figure(figsize=(6.4, 2.5), layout="constrained")
    shades = {
        "fully connected": np.ones_like(local),
        "local": local,
        "local and shared": local,
    }
    for axes, (name, used) in zip(
        figure.subplots(1, 3), shades.items(), strict=True
    ):
        ids = np.where(used, np.cumsum(used).reshape(used.shape), np.nan)
        count = int(used.sum())
        colors = [
            COLORS[0] + f"{int(70 + 185 * ((37 * k) % count) / count):02x}"
            for k in range(count)
        ]
        if name == "local and shared":
            ids, count = np.where(used, shared, np.nan), len(COLORS)
            colors = list(COLORS)
        axes.pcolormesh(
            ids,
            cmap=ListedColormap(colors),
            edgecolors=INK,
            linewidth=0.5,
            clip_on=False,
        )
        axes.set(aspect="equal", title=f"{name}\n{count} weights")
        axes.set(xticks=[], yticks=[], xlabel="10 inputs")
        axes.invert_yaxis()
        axes.spines[:].set_visible(False)
    figure.axes[0].set_ylabel("8 outputs")
    return figure
