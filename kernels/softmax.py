"""Softmax of short rows in registers and of long ones in two readings.

    y = exp(x - m) / l,  m = max x,  l = Σ exp(x - m),  along the last axis
    dx = y (dy - Σ dy y)

A row of up to 16384 is read once. A longer one is read twice, chunk by chunk:
first for m and l, kept right as m grows (Milakov and Gimelshein,
https://arxiv.org/abs/1805.02867), then to write y.

x (..., n) is float32, bfloat16 or float16; y is as x, sums are float32. As in
torch a row with NaN or +inf, or of -inf alone, is NaN.

ValueError for other types, rank 0, empty arrays, and a back end that is not
there.
"""

import jax
import jax.numpy as jnp
from jax import Array, ShapeDtypeStruct
from jax.experimental import pallas as pl

from kernels.agreement import report
from kernels.launch import (
    check,
    check_arrays,
    check_backend,
    differentiable,
    launch,
)
from kernels.tiles import read, row_specs, row_tile, span, write

SHORT = 16384  # longest row that registers hold
CHUNK = 4096  # of a longer one
INF = float("inf")


# --8<-- [start:reference]
def softmax_reference(x: Array) -> Array:
    wide = x.astype(jnp.float32)
    e = jnp.exp(wide - wide.max(-1, keepdims=True))
    return (e / e.sum(-1, keepdims=True)).astype(x.dtype)


# --8<-- [end:reference]


# --8<-- [start:short]
def softmax_kernel(x_ref, y_ref, *, shape):
    block, lanes = x_ref.shape
    _, row = span(pl.program_id(0) * block, block, shape[0])
    _, column = span(0, lanes, shape[1])
    inside = row[:, None] & column[None]
    x = read(x_ref, inside, other=-INF)  # adds exp(-inf) = 0 to the sum
    e = jnp.exp(x - x.max(1, keepdims=True))
    write(y_ref, e / e.sum(1, keepdims=True), inside)


def softmax_gradient_kernel(y_ref, dy_ref, dx_ref, *, shape):
    block, lanes = y_ref.shape
    _, row = span(pl.program_id(0) * block, block, shape[0])
    _, column = span(0, lanes, shape[1])
    inside = row[:, None] & column[None]
    y, dy = read(y_ref, inside), read(dy_ref, inside)
    write(dx_ref, y * (dy - (dy * y).sum(1, keepdims=True)), inside)


# --8<-- [end:short]


# --8<-- [start:long]
def chunks(length):
    """How many there are, and the slice and the mask of one."""

    def at(i):
        _, inside = span(i * CHUNK, CHUNK, length)
        return pl.ds(i * CHUNK, CHUNK), inside

    return pl.cdiv(length, CHUNK), at


def long_softmax_kernel(x_ref, y_ref, *, length):
    count, at = chunks(length)

    def gather(i, so_far):
        largest, total = so_far
        here, inside = at(i)
        x = read(x_ref.at[here], inside, other=-INF)
        larger = jnp.maximum(largest, x.max())
        # While all is -inf, -inf - -inf would be NaN: take 0 away instead.
        base = jnp.where(larger == -INF, 0, larger)
        return larger, total * jnp.exp(largest - base) + jnp.exp(x - base)

    # A sum for each lane, added up at the end: no exchange inside the
    # loop, and closer to the truth than one running number.
    start = jnp.float32(-INF), jnp.zeros(CHUNK, jnp.float32)
    largest, total = jax.lax.fori_loop(0, count, gather, start)
    total = total.sum()

    def give(i, _):
        here, inside = at(i)
        x = read(x_ref.at[here], inside, other=-INF)
        write(y_ref.at[here], jnp.exp(x - largest) / total, inside)

    jax.lax.fori_loop(0, count, give, None)


def long_softmax_gradient_kernel(y_ref, dy_ref, dx_ref, *, length):
    count, at = chunks(length)

    def both(i):
        here, inside = at(i)
        return read(y_ref.at[here], inside), read(dy_ref.at[here], inside)

    def gather(i, total):
        y, dy = both(i)
        return total + dy * y

    zero = jnp.zeros(CHUNK, jnp.float32)
    total = jax.lax.fori_loop(0, count, gather, zero).sum()

    def give(i, _):
        (y, dy), (here, inside) = both(i), at(i)
        write(dx_ref.at[here], y * (dy - total), inside)

    jax.lax.fori_loop(0, count, give, None)


# --8<-- [end:long]


# --8<-- [start:launch]
def over_rows(kernel, long_kernel, *arrays, backend):
    rows, columns = arrays[0].shape
    if columns <= SHORT:
        height, lanes, warps = row_tile(rows, columns)
        spec, *_ = row_specs(height, lanes)
        settings = {"shape": (rows, columns)}
    else:
        height, warps, lanes = 1, 8, CHUNK * pl.cdiv(columns, CHUNK)
        *_, spec = row_specs(height, lanes)
        kernel, settings = long_kernel, {"length": columns}
    return launch(
        kernel,
        *arrays,
        grid=(pl.cdiv(rows, height),),
        in_specs=[spec for _ in arrays],
        out_specs=spec,
        out_shape=ShapeDtypeStruct((rows, columns), arrays[0].dtype),
        settings=settings,
        num_warps=warps,
        backend=backend,
    )


def softmax_forward(x, *, backend):
    y = over_rows(softmax_kernel, long_softmax_kernel, x, backend=backend)
    return y, y


def softmax_backward(y, dy, *, backend):
    kernels = softmax_gradient_kernel, long_softmax_gradient_kernel
    return (over_rows(*kernels, y, dy, backend=backend),)


# --8<-- [end:launch]


# --8<-- [start:call]
def softmax(x: Array, *, backend: str = "triton") -> Array:
    check_arrays(x=x)
    check(x.ndim > 0, "x", f"of shape {x.shape}", "of rank 1 or more")
    check_backend(backend)
    if backend == "reference":
        return softmax_reference(x)
    run = differentiable(softmax_forward, softmax_backward, backend=backend)
    return run(x.reshape(-1, x.shape[-1])).reshape(x.shape)


# --8<-- [end:call]


def main() -> None:
    report(softmax, (3, 5, 300))
    report(softmax, (2, 20000), dtypes=("float32",))


if __name__ == "__main__":
    main()
