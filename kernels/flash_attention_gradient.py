"""The gradient of flash attention: its weights are computed a second time.

    p = exp(s - lse)    dv = pᵀ dy    ds = p (dy vᵀ - Σ dy y)
    dq = scale ds k     dk = scale dsᵀ q

One kernel owns a tile of queries and passes over the keys, the other owns a
tile of keys and passes over the queries: nothing is added by two programs.
"""

import jax
import jax.numpy as jnp
from jax import ShapeDtypeStruct
from jax.experimental import pallas as pl

from kernels.flash_attention_scores import BLOCK, rows_of, scores
from kernels.launch import launch
from kernels.products import product
from kernels.tiles import read, span, write


# --8<-- [start:weights]
def pulled(q, k, v, dy, lse, delta, i, j, **how):
    """The weights of two tiles, and the gradient of their scores."""
    p = jnp.exp(scores(q, k, i, j, **how) - lse[:, None])
    return p, p * (product(dy, v.T) - delta[:, None])


# --8<-- [end:weights]


# --8<-- [start:queries]
def flash_attention_queries_kernel(
    q_ref, k_ref, v_ref, dy_ref, lse_ref, delta_ref, dq_ref,
    *, shape, causal,
):  # fmt: skip
    queries, keys, d = shape
    how = {"keys": keys, "causal": causal, "scale": d**-0.5}
    i = pl.program_id(1)
    q, dy = (rows_of(ref, i, queries, d) for ref in (q_ref, dy_ref))
    _, row = span(i * BLOCK, BLOCK, queries)
    here = pl.ds(i * BLOCK, BLOCK)
    lse, delta = (read(ref.at[here], row) for ref in (lse_ref, delta_ref))

    def step(j, dq):
        k, v = (rows_of(ref, j, keys, d) for ref in (k_ref, v_ref))
        _, ds = pulled(q, k, v, dy, lse, delta, i, j, **how)
        return dq + product(ds.astype(k.dtype), k)

    stop = i + 1 if causal else pl.cdiv(keys, BLOCK)
    dq = jax.lax.fori_loop(0, stop, step, jnp.zeros(q.shape, jnp.float32))
    _, feature = span(0, q.shape[1], d)
    write(dq_ref, d**-0.5 * dq, row[:, None] & feature[None])


# --8<-- [end:queries]


# --8<-- [start:keys]
def flash_attention_keys_kernel(
    q_ref, k_ref, v_ref, dy_ref, lse_ref, delta_ref, dk_ref, dv_ref,
    *, shape, causal,
):  # fmt: skip
    queries, keys, d = shape
    how = {"keys": keys, "causal": causal, "scale": d**-0.5}
    j = pl.program_id(1)
    k, v = (rows_of(ref, j, keys, d) for ref in (k_ref, v_ref))

    def step(i, sums):
        q, dy = (rows_of(ref, i, queries, d) for ref in (q_ref, dy_ref))
        _, row = span(i * BLOCK, BLOCK, queries)
        here = pl.ds(i * BLOCK, BLOCK)
        lse, delta = (read(r.at[here], row) for r in (lse_ref, delta_ref))
        p, ds = pulled(q, k, v, dy, lse, delta, i, j, **how)
        dk = sums[0] + product(ds.astype(q.dtype).T, q)
        return dk, sums[1] + product(p.astype(dy.dtype).T, dy)

    zero = jnp.zeros(k.shape, jnp.float32)
    start, stop = j if causal else 0, pl.cdiv(queries, BLOCK)
    dk, dv = jax.lax.fori_loop(start, stop, step, (zero, zero))
    _, row = span(j * BLOCK, BLOCK, keys)
    _, feature = span(0, k.shape[1], d)
    inside = row[:, None] & feature[None]
    write(dk_ref, d**-0.5 * dk, inside)
    write(dv_ref, dv, inside)


# --8<-- [end:keys]


def flash_attention_backward(kept, dy, *, causal, backend):
    q, k, v, y, lse = kept
    (heads, queries, d), keys = q.shape, k.shape[1]
    lanes = max(16, pl.next_power_of_2(d))
    delta = (dy.astype(jnp.float32) * y.astype(jnp.float32)).sum(-1)
    long, wide = (BLOCK * pl.cdiv(length, BLOCK) for length in (queries, keys))
    of_q = pl.BlockSpec((None, long, lanes), lambda h, i: (h, 0, 0))
    of_k = pl.BlockSpec((None, wide, lanes), lambda h, i: (h, 0, 0))
    number = pl.BlockSpec((None, long), lambda h, i: (h, 0))
    tile = pl.BlockSpec((None, BLOCK, lanes), lambda h, i: (h, i, 0))
    how = {
        "in_specs": [of_q, of_k, of_k, of_q, number, number],
        "settings": {"shape": (queries, keys, d), "causal": causal},
        "backend": backend,
    }
    arrays = q, k, v, dy, lse, delta
    dq = launch(
        flash_attention_queries_kernel,
        *arrays,
        grid=(heads, pl.cdiv(queries, BLOCK)),
        out_specs=tile,
        out_shape=ShapeDtypeStruct(q.shape, q.dtype),
        **how,
    )
    dk, dv = launch(
        flash_attention_keys_kernel,
        *arrays,
        grid=(heads, pl.cdiv(keys, BLOCK)),
        out_specs=[tile, tile],
        out_shape=[ShapeDtypeStruct(x.shape, x.dtype) for x in (k, v)],
        **how,
    )
    return dq, dk, dv
