"""Move the input and the output moves along: when this holds exactly.

    conv(shift(x)) = shift(conv(x))

For shifts that wrap around and circular padding it holds everywhere; zero
padding breaks it at the border, stride keeps it for multiples of the stride
only, and nothing makes it hold for rotations.

Shapes: x (1, 1, n, n), whole numbers in float64, so that equal means equal.
"""

import torch
import torch.nn.functional as F
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from skimage import data
from torch import Tensor

from examples.modules.convolution import convolve

KERNEL = ((1.0, 2.0, 0.0), (0.0, -3.0, 4.0), (-5.0, 0.0, 1.0))


# --8<-- [start:equivariance]
def layer(x: Tensor, mode: str, stride: int) -> Tensor:
    weight = torch.tensor(KERNEL, dtype=x.dtype)[None, None]
    return convolve(F.pad(x, [1] * 4, mode=mode), weight, stride=stride)


def shift(x: Tensor, pixels: int) -> Tensor:
    return x.roll(pixels, dims=-1)  # what leaves on the right comes back


def disagreement(
    x: Tensor, mode: str, stride: int, pixels: int
) -> tuple[Tensor, Tensor]:
    """Convolve the moved input; move the convolved one."""
    moved = shift(layer(x, mode, stride), pixels // stride)
    return layer(shift(x, pixels), mode, stride), moved


# --8<-- [end:equivariance]
def photograph() -> Tensor:
    gray = torch.tensor(data.camera()[40:296:8, 120:376:8].copy())
    return gray.double()[None, None]  # (1, 1, 32, 32)


def square_figure() -> Figure:
    """Both ways around the square, and what they disagree on."""
    figure = Figure(figsize=(6.4, 6.6), layout="constrained")
    cases = (
        ("circular", 1, 6, "circular padding"),
        ("constant", 1, 6, "zero padding"),
        ("circular", 2, 5, "stride 2, shift 5"),
    )
    rows = figure.subplots(3, 3)
    for row, (mode, stride, pixels, name) in zip(rows, cases, strict=True):
        x = photograph()
        first, second = disagreement(x, mode, stride, pixels)
        size = first.shape[-1]
        for axes, image in zip(row, (first, second), strict=False):
            axes.imshow(image[0, 0], vmin=-700, vmax=700)
        row[2].imshow(
            (first != second)[0, 0],
            cmap=ListedColormap(["#ffffff00", "#ea7a17"]),
            vmin=0,
            vmax=1,
        )
        count = int((first != second).sum())
        row[2].set_title(f"differ: {count} of {size * size}")
        row[0].set_title(f"{name}\nconv(shift(x))")
        row[1].set_title("shift(conv(x))")
        for axes in row:
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(True)
    return figure


# --8<-- [start:demo]
def main() -> None:
    random = torch.Generator().manual_seed(0)
    x = torch.randint(0, 256, (1, 1, 32, 32), generator=random).double()
    print("outputs that do not move with the input")
    for mode, stride, pixels in (
        ("circular", 1, 6),
        ("constant", 1, 6),
        ("circular", 2, 6),
        ("circular", 2, 5),
    ):
        first, second = disagreement(x, mode, stride, pixels)
        name = "zero" if mode == "constant" else mode
        differ = int((first != second).sum())
        print(f"{name:<9} stride {stride}, shift {pixels}", end="")
        print(f"{differ:>7} of {first.numel()}")
    first = layer(x.rot90(1, (2, 3)), "circular", 1)
    second = layer(x, "circular", 1).rot90(1, (2, 3))
    differ = int((first != second).sum())
    print(f"circular  turned by 90° {differ:>5} of {first.numel()}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
