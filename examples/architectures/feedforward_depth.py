"""Width against depth: a sawtooth, and its straight pieces counted exactly.

    g(x) = 2 min(x, 1 - x) = relu(2x) - relu(4x - 2)     on [0, 1]
    k layers of 2 ReLUs: g o ... o g, 2^k pieces, 6k + 1 parameters
    one layer of m ReLUs: at most m + 1 pieces, 3m + 1 parameters

After Telgarsky 2015, arxiv.org/abs/1509.08101. Pieces are counted with
fractions: a float is a fraction, and so nothing is rounded. Random networks
have about as many pieces as units, arxiv.org/abs/1901.09021.

Shapes: layers read one number. Raises ValueError for a depth below 1, an
interval that is empty and layers that read several numbers.
"""

from fractions import Fraction
from itertools import pairwise

import torch
from matplotlib.figure import Figure
from torch import Tensor

from examples.architectures.feedforward import Layers, forward, initialize
from examples.modules.activation import relu

Line = tuple[Fraction, Fraction]  # slope and offset
Piece = tuple[Fraction, Fraction, list[Line]]  # from, to, and each unit's


# --8<-- [start:sawtooth]
def sawtooth(x: Tensor, k: int) -> Tensor:
    for _ in range(k):
        x = 2 * torch.minimum(x, 1 - x)
    return x


def sawtooth_layers(k: int) -> Layers:
    """k layers of two ReLUs: 2z and 4z - 2 of z, the layer's number."""
    if k < 1:
        raise ValueError(f"k is {k}; it must be at least 1")
    read, out = torch.tensor([[2.0], [4.0]]), torch.tensor([[1.0, -1.0]])
    b = torch.tensor([[0.0, -2.0]])
    again = [(read @ out, b)] * (k - 1)  # first put together, then read
    return [(read, b), *again, (out, torch.zeros(1, 1))]


# --8<-- [end:sawtooth]
# --8<-- [start:pieces]
def pieces(layers: Layers, low: float = 0, high: float = 1) -> list[Piece]:
    """The straight pieces of a ReLU network of one input, exactly."""
    width = layers[0][0].shape[-1]
    if width != 1:
        raise ValueError(f"layers read {width} numbers; they must read one")
    if not low < high:
        raise ValueError(f"low is {low}; it must be below high, {high}")
    whole = [(Fraction(1), Fraction(0))]  # at first the line is x itself
    found: list[Piece] = [(Fraction(low), Fraction(high), whole)]
    for w, b in layers[:-1]:
        found = [part for piece in found for part in cut(piece, w, b)]
    lines = [(p[0], p[1], through(p[2], *layers[-1])) for p in found]
    joined = lines[:1]
    for start, end, line in lines[1:]:
        if line == joined[-1][2]:  # no kink here after all
            joined[-1] = (joined[-1][0], end, line)
        else:
            joined.append((start, end, line))
    return joined


# --8<-- [end:pieces]
# --8<-- [start:cut]
def through(lines: list[Line], w: Tensor, b: Tensor) -> list[Line]:
    """The sums of a layer whose inputs run along straight lines."""
    sums = []
    for row, offset in zip(w.tolist(), b[0].tolist(), strict=True):
        slope, height = Fraction(0), Fraction(offset)
        for weight, (s, h) in zip(row, lines, strict=True):
            slope += Fraction(weight) * s
            height += Fraction(weight) * h
        sums.append((slope, height))
    return sums


def cut(piece: Piece, w: Tensor, b: Tensor) -> list[Piece]:
    """One piece, cut wherever a ReLU of the layer opens or shuts."""
    left, right, lines = piece
    sums = through(lines, w, b)
    kinks = {-h / s for s, h in sums if s and left < -h / s < right}
    parts: list[Piece] = []
    for start, end in pairwise([left, *sorted(kinks), right]):
        middle, shut = (start + end) / 2, (Fraction(0), Fraction(0))
        units = [u if u[0] * middle + u[1] > 0 else shut for u in sums]
        parts.append((start, end, units))
    return parts


# --8<-- [end:cut]
def random_pieces(units: int, depth: int, seeds: int = 10) -> float:
    """Mean over random networks of so many ReLUs in ``depth`` layers."""
    count = 0
    for seed in range(seeds):
        layers = initialize([1, *[units // depth] * depth, 1], seed)
        shifted = [(w, torch.randn_like(b) / 2) for w, b in layers]
        count += len(pieces(shifted, -1000, 1000))
    return count / seeds


def depth_figure() -> Figure:
    figure = Figure(figsize=(6.4, 5.6), layout="constrained")
    grid = figure.add_gridspec(2, 4, height_ratios=(1, 2.4))
    x = torch.linspace(0, 1, 513)[:, None]
    for column, k in enumerate((1, 2, 3, 5)):
        axes = figure.add_subplot(grid[0, column])
        z = forward(sawtooth_layers(k), x, relu)[1][-1]
        axes.plot(x, z, color="#3b82f6", lw=1.3)
        layers = "1 layer" if k == 1 else f"{k} layers"
        axes.set(title=layers, xticks=(0, 1), yticks=())
    axes = figure.add_subplot(grid[1, :])
    units = range(2, 25, 2)
    count = [len(pieces(sawtooth_layers(u // 2))) for u in units]
    axes.plot(units, count, "o-", color="#3b82f6", label="sawtooth")
    most = [3 ** (u // 2) for u in units]
    axes.plot(units, most, ":", color="#3b82f6", label="bound, width 2")
    one = [u + 1 for u in range(2, 49)]
    axes.plot(range(2, 49), one, color="#ea7a17", label="bound, one layer")
    for depth, mark in ((2, "s"), (3, "^"), (4, "D")):
        sizes = range(12, 49, 12)
        means = [random_pieces(size, depth) for size in sizes]
        axes.plot(
            sizes,
            means,
            mark,
            color="#1f9d6b",
            mfc="none",
            label=f"random, {depth} layers",
        )
    axes.set_yscale("log", base=2)
    axes.set(xlabel="hidden units", ylim=(2, 8192))
    axes.set_ylabel("straight pieces")
    axes.grid(visible=True)
    axes.legend()
    return figure


def main() -> None:
    print("layers  parameters   pieces   one layer of as many parameters")
    for k in (1, 2, 4, 6, 8, 10):
        size, count = 6 * k + 1, len(pieces(sawtooth_layers(k)))
        print(f"{k:>6} {size:>11} {count:>8,}   at most {2 * k + 1} pieces")
    print("\n48 ReLUs with random weights, pieces on average")
    for depth in (1, 2, 3, 4, 6):
        mean = random_pieces(48, depth)
        print(f"{depth} × {48 // depth:<3} {mean:>5.0f}")


if __name__ == "__main__":
    main()
