"""Offsets that everyone knows: dilation, rotation, a shift.

A 2 × 2 matrix A moves tap p, seen from the middle of the kernel, to A p;
the offset is A p - p. The same offset for every tap is a shift.

Shapes: matrix (2, 2) acts on (y, x), offset (2 kh kw,), in pixels.
"""

import math

import torch
from matplotlib.figure import Figure
from skimage import data
from torch import Tensor

from examples.modules.convolution import convolve
from examples.modules.deformable_convolution import (
    deform_convolve,
    sampling_points,
)

INK, BLUE, ORANGE = "#757b84", "#3b82f6", "#ea7a17"
# Where nine taps go on the face of the cat: x, y of forehead, eyes, nose, …
FACE = (
    *((62, 8), (268, 10), (352, 28), (172, 116), (250, 130)),
    *((318, 136), (190, 228), (265, 244), (312, 226)),
)


# --8<-- [start:matrix]
def matrix_offset(
    matrix: Tensor, kernel: tuple[int, int], dilation: int = 1
) -> Tensor:
    rows, columns = (
        dilation * (torch.arange(k, dtype=matrix.dtype) - (k - 1) / 2)
        for k in kernel
    )
    taps = torch.cartesian_prod(rows, columns)  # (kh kw, 2), y first
    return (taps @ matrix.T - taps).flatten()


def everywhere(offset: Tensor, b: int, h: int, w: int) -> Tensor:
    return offset[:, None, None].expand(b, -1, h, w)


# --8<-- [end:matrix]
# --8<-- [start:demo]
def main() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 3, 8, 9, dtype=torch.float64)
    weight = torch.randn(4, 3, 3, 3, dtype=torch.float64)
    double = 2 * torch.eye(2, dtype=torch.float64)
    quarter = torch.tensor([[0.0, -1], [1, 0]], dtype=torch.float64)
    down = torch.tensor([1.0, 0]).repeat(9).double()  # y + 1 for all nine
    lower = torch.cat([x[:, :, 1:], torch.zeros_like(x[:, :, :1])], 2)
    offsets = {
        "taps doubled = dilation 2": matrix_offset(double, (3, 3)),
        "taps turned = kernel turned": matrix_offset(quarter, (3, 3)),
        "taps shifted = x shifted": down,
    }
    expected = (
        convolve(x, weight, None, 1, 2, 2),
        convolve(x, weight.rot90(1, (2, 3)), None, 1, 1),
        convolve(lower, weight, None, 1, 1),
    )
    pairs = zip(offsets.items(), expected, strict=True)
    for (name, offset), other in pairs:
        moved = everywhere(offset, 2, 8, 9)
        y = deform_convolve(x, moved, weight, None, None, 1, 1)
        inner = (y - other)[:, :, 2:-2, 2:-2]
        print(f"{name:<29}{bool(inner.abs().max() < 1e-12)}")


# --8<-- [end:demo]
def photograph_figure() -> Figure:
    cat, spread, corner = data.chelsea(), 70, torch.tensor([80.0, 175.0])
    turn = math.radians(-15)
    sin, cos = math.sin(turn), math.cos(turn)
    still = torch.zeros(1, 18, 1, 1)
    grid = sampling_points(still, (3, 3), dilation=spread).flatten()
    grid = grid + corner.repeat(9)
    face = torch.tensor([(float(y), float(x)) for x, y in FACE]).flatten()
    offsets = {
        "regular grid": torch.zeros(18),
        "scaled by 1.4": matrix_offset(1.4 * torch.eye(2), (3, 3), spread),
        "turned by 15°": matrix_offset(
            torch.tensor([[cos, -sin], [sin, cos]]), (3, 3), spread
        ),
        "free": face - grid,
    }
    figure = Figure(figsize=(6.4, 4.7), layout="constrained")
    for axes, (name, offset) in zip(
        figure.subplots(2, 2).flat, offsets.items(), strict=True
    ):
        axes.imshow(cat)
        start, end = grid.view(9, 2), (grid + offset).view(9, 2)
        for (y0, x0), (y1, x1) in zip(
            start.tolist(), end.tolist(), strict=True
        ):
            axes.plot([x0, x1], [y0, y1], color="white", linewidth=1.2)
            axes.plot(x0, y0, "o", mfc="none", mec="white", ms=6)
            axes.plot(x1, y1, "o", color=ORANGE, mec="white", ms=7)
        y, x = start[4].tolist()
        axes.plot(x, y, "+", color=BLUE, ms=14, mew=2.5)
        axes.set(title=name, xlim=(0, 450), ylim=(299, 0))
        axes.axis("off")
    return figure


if __name__ == "__main__":
    main()
