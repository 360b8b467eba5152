"""Tiles of arrays: their sides are powers of two, so lanes overhang the array.

Nobody else switches those lanes off. JAX 0.10.2 lowers a block that overhangs
its array to loads and stores of what lies behind it in memory, a GPU carries
them out, and interpret mode, which pads and crops, hides it. So every load and
store of these kernels carries the mask of the lanes that exist.
"""

import jax.numpy as jnp
from jax import Array
from jax.experimental import pallas as pl
from jax.experimental.pallas import triton as plt

TILE = 4096  # elements
WIDTH = 1024  # lanes of a tile that need not hold whole rows
WARP = 512  # elements for a warp, 16 for each of its 32 threads


# --8<-- [start:masked]
def read(ref, mask: Array, other: float = 0) -> Array:
    """The elements as float32, ``other`` where the mask is off."""
    return plt.load(ref, mask=mask, other=other).astype(jnp.float32)


def write(ref, value: Array, mask: Array) -> None:
    plt.store(ref, value.astype(ref.dtype), mask=mask)


# --8<-- [end:masked]


# --8<-- [start:row_tile]
def row_tile(rows: int, columns: int) -> tuple[int, int, int]:
    """Rows of a tile, its lanes, and how many warps share it."""
    lanes = pl.next_power_of_2(columns)
    block = min(max(1, TILE // lanes), pl.next_power_of_2(rows))
    return block, lanes, min(max(1, block * lanes // WARP), 16)


def row_specs(height: int, lanes: int) -> list[pl.BlockSpec]:
    """Of rows, of a vector for all, of numbers and of a vector a block."""
    return [
        pl.BlockSpec((height, lanes), lambda i: (i, 0)),
        pl.BlockSpec((lanes,), lambda i: (0,)),
        pl.BlockSpec((height,), lambda i: (i,)),
        pl.BlockSpec((None, lanes), lambda i: (i, 0)),
    ]


# --8<-- [end:row_tile]


def part_tile(rows: int, columns: int) -> tuple[int, int, int]:
    """As ``row_tile``, for what works on each element alone."""
    return row_tile(rows, min(columns, WIDTH))


# --8<-- [start:span]
def span(start, size: int, stop: int) -> tuple[Array, Array]:
    """Indices from ``start``, and which of them are below ``stop``."""
    index = start + jnp.arange(size, dtype=jnp.int32)
    return index, index < stop


# --8<-- [end:span]
