"""The blocks of Inception v3: large kernels taken apart.

    A   5 × 5 beside two 3 × 3                       on 35 × 35
    B   stride 2 in two branches beside pooling      35 × 35 to 17 × 17
    C   7 × 7 as 1 × 7 and 7 × 1, once and twice     on 17 × 17
    D   stride 2 in two branches beside pooling      17 × 17 to 8 × 8
    E   1 × 3 and 3 × 1 side by side                 on 8 × 8

Szegedy et al., arxiv.org/abs/1512.00567, with the numbers of channels of
Google's code. All units have BN. ``width`` is 32 in the paper; all
numbers of channels scale with it.

Shapes: x (b, c, h, w); B and D give ⌊(h - 1) / 2⌋ × ⌊(w - 1) / 2⌋.
"""

from torch import nn

from examples.architectures.inception_parts import Kernel, Parallel, unit

Spec = tuple[int, Kernel] | tuple[int, Kernel, int]  # out, kernel, stride


# --8<-- [start:chain]
def chain(channels: int, width: int, *specs: Spec) -> nn.Sequential:
    """Units one after the other; those with a stride do not pad."""
    units = []
    for out, kernel, *stride in specs:
        out = out * width // 32
        padding = 0 if stride else None
        units.append(unit(channels, out, kernel, *stride, padding=padding))
        channels = out
    return nn.Sequential(*units)


def pooled(channels: int, width: int, out: int) -> nn.Sequential:
    mean = nn.AvgPool2d(3, stride=1, padding=1)  # counts the zeros outside
    return nn.Sequential(mean, chain(channels, width, (out, 1)))


# --8<-- [end:chain]
# --8<-- [start:same]
def block_a(c: int, pool: int, width: int = 32) -> Parallel:
    return Parallel(
        chain(c, width, (64, 1)),
        chain(c, width, (48, 1), (64, 5)),
        chain(c, width, (64, 1), (96, 3), (96, 3)),
        pooled(c, width, pool),
    )


def block_c(c: int, n: int, width: int = 32) -> Parallel:
    row, column = (1, 7), (7, 1)
    once = (n, 1), (n, row), (192, column)
    twice = (n, 1), (n, column), (n, row), (n, column), (192, row)
    return Parallel(
        chain(c, width, (192, 1)),
        chain(c, width, *once),
        chain(c, width, *twice),
        pooled(c, width, 192),
    )


# --8<-- [end:same]
# --8<-- [start:reduction]
def block_b(c: int, width: int = 32) -> Parallel:
    return Parallel(
        chain(c, width, (384, 3, 2)),
        chain(c, width, (64, 1), (96, 3), (96, 3, 2)),
        nn.MaxPool2d(3, stride=2),
    )


def block_d(c: int, width: int = 32) -> Parallel:
    seven = (192, 1), (192, (1, 7)), (192, (7, 1)), (192, 3, 2)
    return Parallel(
        chain(c, width, (192, 1), (320, 3, 2)),
        chain(c, width, *seven),
        nn.MaxPool2d(3, stride=2),
    )


# --8<-- [end:reduction]
# --8<-- [start:wide]
def spread(width: int) -> Parallel:
    """1 × 3 and 3 × 1 side by side: the channels double."""
    c = 384 * width // 32
    return Parallel(
        chain(c, width, (384, (1, 3))), chain(c, width, (384, (3, 1)))
    )


def block_e(c: int, width: int = 32) -> Parallel:
    return Parallel(
        chain(c, width, (320, 1)),
        nn.Sequential(chain(c, width, (384, 1)), spread(width)),
        nn.Sequential(chain(c, width, (448, 1), (384, 3)), spread(width)),
        pooled(c, width, 192),
    )


# --8<-- [end:wide]
