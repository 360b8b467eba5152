"""A dilated convolution is an ordinary one on every lattice by itself.

    lattice (a, b) of x:  x[.., a + r p, b + r q]   for all p, q
    y of lattice (a, b)  =  convolution of x of lattice (a, b)

With a common factor g of all rates nothing ever crosses from one of the
g × g lattices to another: g² networks that share weights, not pixels.
The decomposition: Wang and Ji, arxiv.org/abs/1808.08931.

Shapes: x (b, c, h, w), weight (o, c, k, k), parts (r r b, c, ⌈h / r⌉,
⌈w / r⌉). Raises ValueError for a rate below 1, an even kernel, and parts
that do not come in r² groups.
"""

import torch
import torch.nn.functional as F
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from torch import Tensor

from examples.modules.convolution import convolve
from examples.modules.hdc import check_rates, path_counts

COLORS = ("#3b82f6", "#ea7a17", "#1f9d6b", "#a35fe0")


# --8<-- [start:lattices]
def split_lattices(x: Tensor, rate: int) -> Tensor:
    check_rates([rate])
    h, w = x.shape[2:]
    x = F.pad(x, (0, -w % rate, 0, -h % rate))  # to whole lattices
    x = x.unflatten(3, (-1, rate)).unflatten(2, (-1, rate))
    return x.permute(3, 5, 0, 1, 2, 4).flatten(0, 2)  # (r r b, c, p, q)


def merge_lattices(parts: Tensor, rate: int, h: int, w: int) -> Tensor:
    if len(parts) % rate**2:
        raise ValueError(f"{len(parts)} parts; must be groups of {rate**2}")
    parts = parts.unflatten(0, (rate, rate, -1))
    x = parts.permute(2, 3, 4, 0, 5, 1).flatten(4).flatten(2, 3)
    return x[..., :h, :w]


def convolve_by_lattices(x: Tensor, weight: Tensor, rate: int) -> Tensor:
    """A dilated convolution that keeps h and w, without any dilation."""
    k = weight.shape[-1]
    if k % 2 == 0:
        raise ValueError(f"kernel is {k}; must be odd to keep the size")
    parts = split_lattices(x, rate)
    parts = convolve(parts, weight, padding=k // 2)
    return merge_lattices(parts, rate, *x.shape[2:])


# --8<-- [end:lattices]
def seen_by_four(rates: tuple[int, ...]) -> Tensor:
    """(2, 2, n, n): what each of four outputs in a square sees."""
    seen = path_counts(rates) > 0
    n = len(seen) + 1
    view = torch.zeros(2, 2, n, n, dtype=torch.bool)
    for a in range(2):
        for b in range(2):
            view[a, b, a : a + n - 1, b : b + n - 1] = (
                seen[:, None] & seen[None]
            )
    return view


def lattices_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    panels = figure.subplots(1, 2)
    for axes, rates in zip(panels, ((2, 2, 2), (1, 2, 3)), strict=True):
        view = seen_by_four(rates).flatten(0, 1)  # (4, n, n)
        n = view.shape[-1]
        owners = view.sum(0)
        pixels = torch.zeros(n, n, 4)
        pixels[owners > 1] = torch.tensor(to_rgba("#757b84"))
        for seen, color in zip(view, COLORS, strict=True):
            pixels[seen & (owners == 1)] = torch.tensor(to_rgba(color))
        axes.imshow(pixels)
        edges = [i - 0.5 for i in range(n + 1)]
        line = {"color": "#757b84", "linewidth": 0.4}
        axes.hlines(edges, -0.5, n - 0.5, **line)
        axes.vlines(edges, -0.5, n - 0.5, **line)
        middle = n // 2 - 1
        for owner, color in enumerate(COLORS):
            i, j = middle + owner // 2, middle + owner % 2
            ring = {"mfc": color, "mec": "white", "ms": 9, "mew": 1.5}
            axes.plot(j, i, "o", **ring)
        name = "-".join(map(str, rates))
        shared = int((owners > 1).sum())
        axes.set_title(f"{name}: {shared} pixels shared")
        axes.set(xlim=(-0.6, n - 0.4), ylim=(n - 0.4, -0.6))
        axes.axis("off")
    return figure


def main() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 3, 11, 14, dtype=torch.float64)
    weight = torch.randn(4, 3, 3, 3, dtype=torch.float64)
    for rate in (2, 3):
        parts = split_lattices(x, rate)
        shapes = f"{tuple(x.shape)} into {tuple(parts.shape)}"
        y = convolve(x, weight, padding=rate, dilation=rate)
        same = torch.allclose(convolve_by_lattices(x, weight, rate), y)
        print(f"rate {rate}: {shapes}, equal {same}")
    for rates in ((2, 2, 2), (2, 4, 8), (1, 2, 5)):
        view = seen_by_four(rates).flatten(0, 1)
        shared = int((view.sum(0) > 1).sum())
        name = "-".join(map(str, rates))
        print(f"{name}: four outputs in a square share {shared} of", end="")
        print(f" {int(view.any(0).sum())} pixels")


if __name__ == "__main__":
    main()
