"""Tiles of queries and keys, and the scores that they give.

A tile has 64 rows. Those behind the end of a sequence are read as 0, and the
scores of keys that do not count are -inf, so that exp leaves nothing of them.
"""

import jax.numpy as jnp
from jax import Array
from jax.experimental import pallas as pl

from kernels.products import product
from kernels.tiles import read, span

BLOCK = 64


# --8<-- [start:tiles]
def rows_of(ref, i, length: int, d: int) -> Array:
    """Tile i of a sequence, in its own type: what tensor cores take."""
    _, row = span(i * BLOCK, BLOCK, length)
    _, feature = span(0, ref.shape[1], d)
    inside = row[:, None] & feature[None]
    tile = read(ref.at[pl.ds(i * BLOCK, BLOCK)], inside)
    return tile.astype(ref.dtype)


def scores(q, k, i, j, *, keys: int, causal: bool, scale: float) -> Array:
    """Of the queries of tile i and the keys of tile j."""
    queries = i * BLOCK + jnp.arange(BLOCK, dtype=jnp.int32)
    key, counts = span(j * BLOCK, BLOCK, keys)
    counts = counts[None]
    if causal:
        counts = counts & (key[None] <= queries[:, None])
    return jnp.where(counts, scale * product(q, k.T), -jnp.inf)


# --8<-- [end:tiles]
