"""What the blocks of this chapter cost, all at one setting, by formula.

    a layer of weights   parameters = weights + biases
                         FLOPs = 2 * weights * positions
    attention            + 4 n m d, products that have no weights

Two FLOPs a multiply-add, one image, as ``torch.utils.flop_counter`` counts;
pooling, norms, activations and sampling are 0 there. c channels in and out,
n = h w positions; ``outputs`` are the numbers that the block hands on.

Raises ValueError for sizes below 1, a c that 4 heads do not divide, and an
odd side.
"""

from typing import NamedTuple

HEADS, WORDS = 4, 77  # of attention; tokens of another sequence


# --8<-- [start:cost]
class Cost(NamedTuple):
    parameters: int
    flops: int


def layer(weights: int, positions: int, biases: int = 0) -> Cost:
    return Cost(weights + biases, 2 * weights * positions)


def chain(*parts: Cost) -> Cost:
    parameters = sum(part.parameters for part in parts)
    return Cost(parameters, sum(part.flops for part in parts))


# --8<-- [end:cost]
# --8<-- [start:local]
def check_setting(c: int, side: int) -> None:
    if c < 1 or c % HEADS:
        raise ValueError(f"c is {c}; must be a multiple of {HEADS}")
    if side < 2 or side % 2:
        raise ValueError(f"side is {side}; must be even and at least 2")


def local_blocks(c: int, side: int) -> dict[str, Cost]:
    """Blocks that read a window."""
    check_setting(c, side)
    n, norm = side * side, Cost(2 * c, 0)
    plain, three = layer(9 * c * c, n), layer(9 * c * c, n, c)
    one, quarter = layer(c * c, n, c), c // 4
    narrow = (
        *(layer(c * quarter, n), layer(9 * quarter**2, n)),
        *(layer(quarter * c, n), Cost(4 * quarter + 2 * c, 0)),
    )
    return {
        "1 × 1": one,
        "3 × 3": three,
        "3 × 3, rate 2": three,  # the same weights, further apart
        "3 × 3, stride 2": layer(9 * c * c, n // 4, c),
        "3 × 3, depthwise": layer(9 * c, n, c),
        "separable 3 × 3": chain(layer(9 * c, n), one),
        "deformable 3 × 3": chain(three, layer(27 * 9 * c, n, 27)),
        "transposed 4 × 4": layer(16 * c * c, n, c),  # a stamp a pixel
        "HDC 1, 2, 5": chain(plain, plain, plain, norm, norm, norm),
        "basic block": chain(plain, norm, plain, norm),
        "bottleneck": chain(*narrow),
    }


# --8<-- [end:local]
# --8<-- [start:wide]
def wide_blocks(c: int, side: int) -> dict[str, Cost]:
    """Blocks that read the whole map, or nothing but their own value."""
    check_setting(c, side)
    n, norm, squeezed = side * side, Cost(2 * c, 0), c // 16 or 1
    gate = (layer(c * squeezed, 1, squeezed), layer(squeezed * c, 1, c))
    again = Cost(0, sum(g.flops for g in gate))  # mean, then maximum
    branch = (layer(9 * c * c, n), norm)
    one = layer(c * c, n), norm
    aspp = (*one, *branch, *branch, *branch, layer(c * c, 1), norm)
    project = layer(5 * c * c, n), norm
    square = layer(c * c, n, c)  # q, k, v or what is put out
    attention = (*[square] * 4, Cost(0, 4 * n * n * c))
    words = layer(c * c, WORDS, c)
    cross = (square, words, words, square, Cost(0, 4 * n * WORDS * c))
    feed = layer(4 * c * c, n, 4 * c), layer(4 * c * c, n, c)
    gates = layer(4 * c * c, n, 4 * c)  # of an LSTM: from x, then from h
    return {
        "ASPP": chain(*aspp, *project),
        "SE": chain(*gate),
        "CBAM": chain(*gate, again, layer(98, n, 2)),
        "LSTM, n steps": chain(gates, gates),
        "cross-attention": chain(*cross),
        "self-attention": chain(*attention),
        "encoder layer": chain(*attention, *feed, norm, norm),
        "linear, all to all": layer((c * n) ** 2, 1, c * n),
        "batch norm": norm,
        "pooling, ReLU": Cost(0, 0),
    }


# --8<-- [end:wide]
# --8<-- [start:demo]
def main() -> None:
    c, side = 64, 56
    print(f"{c} channels, {side} × {side}   parameters      MFLOPs", end="")
    print("   uses of a parameter")
    for blocks in (local_blocks(c, side), wide_blocks(c, side)):
        for name, cost in blocks.items():
            uses = "–"
            if cost.parameters:
                uses = f"{cost.flops / 2 / cost.parameters:,.0f}"
            print(f"{name:<18}{cost.parameters:>15,}", end="")
            print(f"{cost.flops / 1e6:>12,.1f}{uses:>22}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
