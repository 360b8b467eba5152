"""SwiGLU of x + bias: one half of the features opens a gate for the other.

    a, b = halves of x + bias       y = a σ(a) b
    da = dy b σ(a) (1 + a (1 - σ(a)))       db = dy a σ(a)
    dx = da, db side by side        dbias = Σ dx, over all rows

x (..., 2d) and bias (2d) are float32, bfloat16 or float16; y is (..., d) and as
x, and all arithmetic is float32. The first half is the gate.
Shazeer, https://arxiv.org/abs/2002.05202.

ValueError for an odd last axis, other shapes and types, empty arrays, and a
back end that is not there.
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
    check_shape,
    differentiable,
    launch,
)
from kernels.tiles import part_tile, read, span, write

WORKERS = 1024  # programs of the backward pass, each with a sum of dbias


def swiglu_reference(x: Array, bias: Array) -> Array:
    a, b = jnp.split(x.astype(jnp.float32) + bias, 2, axis=-1)
    return (jax.nn.silu(a) * b).astype(x.dtype)


# --8<-- [start:kernel]
def swiglu_kernel(x_ref, bias_ref, y_ref, *, shape):
    block, _, lanes = x_ref.shape  # (block, 2, lanes): both halves at once
    _, row = span(pl.program_id(0) * block, block, shape[0])
    _, column = span(pl.program_id(1) * lanes, lanes, shape[2])
    inside = row[:, None] & column[None]
    # A bare 0 would do for Triton, but interpret mode wants a typed index.
    a, b = (
        read(x_ref.at[:, half], inside) + read(bias_ref.at[half], column)
        for half in (jnp.int32(0), jnp.int32(1))
    )
    write(y_ref, a / (1 + jnp.exp(-a)) * b, inside)


# --8<-- [end:kernel]


# --8<-- [start:gradient]
def swiglu_gradient_kernel(
    x_ref, bias_ref, dy_ref, dx_ref, dbias_ref, *, shape, block
):
    strip, _, lanes = x_ref.shape
    halves = jnp.int32(0), jnp.int32(1)
    first = pl.program_id(0) * strip
    _, column = span(pl.program_id(1) * lanes, lanes, shape[2])
    biases = [read(bias_ref.at[half], column) for half in halves]

    def tile(i, sums):
        here = pl.ds(i * block, block)
        _, row = span(first + i * block, block, shape[0])
        inside = row[:, None] & column[None]
        a, b = (
            read(x_ref.at[here, half], inside) + bias
            for half, bias in zip(halves, biases, strict=True)
        )
        dy = read(dy_ref.at[here], inside)
        opened = 1 / (1 + jnp.exp(-a))
        da = dy * b * (opened * (1 + a * (1 - opened)))
        db = dy * (a * opened)
        write(dx_ref.at[here, halves[0]], da, inside)
        write(dx_ref.at[here, halves[1]], db, inside)
        return sums[0] + da, sums[1] + db

    zero = jnp.zeros((block, lanes), jnp.float32)
    sums = jax.lax.fori_loop(0, strip // block, tile, (zero, zero))
    for half, total in zip(halves, sums, strict=True):
        write(dbias_ref.at[half], total.sum(0), column)


# --8<-- [end:gradient]


def swiglu_forward(x, bias, *, backend):
    rows, _, features = x.shape
    block, lanes, warps = part_tile(rows, features)
    y = launch(
        swiglu_kernel,
        *(x, bias),
        grid=(pl.cdiv(rows, block), pl.cdiv(features, lanes)),
        in_specs=[
            pl.BlockSpec((block, 2, lanes), lambda i, j: (i, 0, j)),
            pl.BlockSpec((2, lanes), lambda i, j: (0, j)),
        ],
        out_specs=pl.BlockSpec((block, lanes), lambda i, j: (i, j)),
        out_shape=ShapeDtypeStruct((rows, features), x.dtype),
        settings={"shape": x.shape},
        num_warps=warps,
        backend=backend,
    )
    return y, (x, bias)


def swiglu_backward(kept, dy, *, backend):
    x, bias = kept
    rows, _, features = x.shape
    block, lanes, warps = part_tile(rows, features)
    parts = pl.cdiv(features, lanes)
    strip = block * pl.cdiv(rows * parts, block * WORKERS)
    strips = pl.cdiv(rows, strip)
    pair = pl.BlockSpec((strip, 2, lanes), lambda i, j: (i, 0, j))
    dx, dbias = launch(
        swiglu_gradient_kernel,
        *(x, bias, dy),
        grid=(strips, parts),
        in_specs=[
            pair,
            pl.BlockSpec((2, lanes), lambda i, j: (0, j)),
            pl.BlockSpec((strip, lanes), lambda i, j: (i, j)),
        ],
        out_specs=[
            pair,
            pl.BlockSpec((None, 2, lanes), lambda i, j: (i, 0, j)),
        ],
        out_shape=[
            ShapeDtypeStruct(x.shape, x.dtype),
            ShapeDtypeStruct((strips, 2, features), jnp.float32),
        ],
        settings={"shape": x.shape, "block": block},
        num_warps=warps,
        backend=backend,
    )
    return dx, dbias.sum(0).astype(bias.dtype)


def swiglu(x: Array, bias: Array, *, backend: str = "triton") -> Array:
    check_arrays(x=x, bias=bias)
    even = x.ndim > 0 and x.shape[-1] % 2 == 0
    check(even, "x", f"of shape {x.shape}", "of an even last axis")
    check_shape("bias", bias, x.shape[-1:])
    check_backend(backend)
    if backend == "reference":
        return swiglu_reference(x, bias)
    run = differentiable(swiglu_forward, swiglu_backward, backend=backend)
    d = x.shape[-1] // 2
    y = run(x.reshape(-1, 2, d), bias.reshape(2, d))
    return y.reshape(*x.shape[:-1], d)


def main() -> None:
    report(swiglu, (3, 5, 300), (300,))


if __name__ == "__main__":
    main()
