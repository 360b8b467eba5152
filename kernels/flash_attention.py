"""Attention that never writes its n × m weights to memory.

    s = q kᵀ / √d      p = softmax s, over the keys      y = p v

A program owns 64 queries and passes over the keys, tile by tile. It keeps
the largest score m, the sum l of exp(s - m) and the output so far; when m
grows to m', what is there shrinks by exp(m - m'), which is exact. Kept for the
backward pass: lse = m + log l, one number for each query.

q (…, n, d), k and v (…, m, d) are float32, bfloat16 or float16, all the same;
y is as q, sums are float32. d is at most 128. ``causal`` lets query i see the
keys up to i and needs n = m.
Dao et al., https://arxiv.org/abs/2205.14135.

ValueError for other shapes and types, empty arrays, and a back end that is not
there.
"""

import jax
import jax.numpy as jnp
from jax import Array, ShapeDtypeStruct
from jax.experimental import pallas as pl

from kernels.agreement import report
from kernels.flash_attention_gradient import flash_attention_backward
from kernels.flash_attention_scores import BLOCK, rows_of, scores
from kernels.launch import (
    check,
    check_arrays,
    check_backend,
    check_shape,
    differentiable,
    launch,
)
from kernels.products import product
from kernels.tiles import span, write

WIDEST_HEAD = 128


def flash_attention_reference(
    q: Array, k: Array, v: Array, causal: bool
) -> Array:
    q, k, wide = (x.astype(jnp.float32) for x in (q, k, v))
    how = {"precision": jax.lax.Precision.HIGHEST}
    s = jnp.einsum("...qd,...kd->...qk", q, k, **how) / q.shape[-1] ** 0.5
    if causal:
        s = jnp.where(jnp.tri(*s.shape[-2:], dtype=bool), s, -jnp.inf)
    p = jax.nn.softmax(s, -1)
    return jnp.einsum("...qk,...kd->...qd", p, wide, **how).astype(v.dtype)


# --8<-- [start:kernel]
def flash_attention_kernel(
    q_ref, k_ref, v_ref, y_ref, lse_ref, *, shape, causal
):
    queries, keys, d = shape
    how = {"keys": keys, "causal": causal, "scale": d**-0.5}
    i = pl.program_id(1)
    q = rows_of(q_ref, i, queries, d)

    def step(j, so_far):
        largest, total, y = so_far
        k, v = (rows_of(ref, j, keys, d) for ref in (k_ref, v_ref))
        s = scores(q, k, i, j, **how)
        larger = jnp.maximum(largest, s.max(1))
        shrink = jnp.exp(largest - larger)
        e = jnp.exp(s - larger[:, None])
        y = y * shrink[:, None] + product(e.astype(v.dtype), v)
        return larger, total * shrink + e.sum(1), y

    start = (
        jnp.full(BLOCK, -jnp.inf, jnp.float32),
        jnp.zeros(BLOCK, jnp.float32),
        jnp.zeros(q.shape, jnp.float32),
    )
    # Causal queries see no key behind their own tile.
    stop = i + 1 if causal else pl.cdiv(keys, BLOCK)
    largest, total, y = jax.lax.fori_loop(0, stop, step, start)
    _, row = span(i * BLOCK, BLOCK, queries)
    _, feature = span(0, q.shape[1], d)
    write(y_ref, y / total[:, None], row[:, None] & feature[None])
    write(lse_ref, largest + jnp.log(total), row)


# --8<-- [end:kernel]


def flash_attention_forward(q, k, v, *, causal, backend):
    (heads, queries, d), keys = q.shape, k.shape[1]
    lanes = max(16, pl.next_power_of_2(d))
    long, wide = (BLOCK * pl.cdiv(length, BLOCK) for length in (queries, keys))
    of_q = pl.BlockSpec((None, long, lanes), lambda h, i: (h, 0, 0))
    of_k = pl.BlockSpec((None, wide, lanes), lambda h, i: (h, 0, 0))
    y, lse = launch(
        flash_attention_kernel,
        *(q, k, v),
        grid=(heads, pl.cdiv(queries, BLOCK)),
        in_specs=[of_q, of_k, of_k],
        out_specs=[
            pl.BlockSpec((None, BLOCK, lanes), lambda h, i: (h, i, 0)),
            pl.BlockSpec((None, BLOCK), lambda h, i: (h, i)),
        ],
        out_shape=[
            ShapeDtypeStruct(q.shape, q.dtype),
            ShapeDtypeStruct((heads, queries), jnp.float32),
        ],
        settings={"shape": (queries, keys, d), "causal": causal},
        backend=backend,
    )
    return y, (q, k, v, y, lse)


def flash_attention(
    q: Array,
    k: Array,
    v: Array,
    causal: bool = False,
    *,
    backend: str = "triton",
) -> Array:
    check_arrays(q=q, k=k, v=v)
    check(q.ndim > 1, "q", f"of shape {q.shape}", "of rank 2 or more")
    d = q.shape[-1]
    limit = f"of at most {WIDEST_HEAD}"
    check(d <= WIDEST_HEAD, "q", f"of {d} features", limit)
    check_shape("k", k, (*q.shape[:-2], *k.shape[-2:-1], d))
    check_shape("v", v, k.shape)
    for name, x in (("k", k), ("v", v)):
        check(x.dtype == q.dtype, name, x.dtype, f"{q.dtype}, as q")
    n, m = q.shape[-2], k.shape[-2]
    square = f"as long as k, {m}, to be causal"
    check(not causal or n == m, "q", f"of length {n}", square)
    check_backend(backend)
    if backend == "reference":
        return flash_attention_reference(q, k, v, causal)
    how = {"causal": causal, "backend": backend}
    run = differentiable(
        flash_attention_forward, flash_attention_backward, **how
    )
    y = run(*(x.reshape(-1, *x.shape[-2:]) for x in (q, k, v)))
    return y.reshape(q.shape)


def main() -> None:
    report(flash_attention, *[(2, 3, 150, 40)] * 3)


if __name__ == "__main__":
    main()
