"""GELU of x + bias in one reading, exact or by tanh, and its gradient.

    y = u Φ(u),  u = x + bias          dx = dy (Φ(u) + u φ(u))
    y = u σ(2 √(2/π) (u + 0.044715 u³))     approximate="tanh"
    dbias = Σ dx, over all rows

x (..., d) and bias (d) are float32, bfloat16 or float16; y is as x, and all
arithmetic is float32.
Hendrycks and Gimpel, https://arxiv.org/abs/1606.08415.

ValueError for other shapes and types, empty arrays, another ``approximate``,
and a back end that is not there.
"""

import math

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
from kernels.normal import normal
from kernels.tiles import part_tile, read, span, write

PROGRAMS = 1024  # of the backward pass, each with a partial sum of dbias


def gelu_reference(x: Array, bias: Array, approximate: str) -> Array:
    u = x.astype(jnp.float32) + bias
    y = jax.nn.gelu(u, approximate=approximate == "tanh")
    return y.astype(x.dtype)


# --8<-- [start:gate]
def gate(u, approximate):
    """The gate that u is multiplied by, and the gate's slope."""
    if approximate == "none":
        return normal(u)
    scale = 2 * math.sqrt(2 / math.pi)
    v = scale * (u + 0.044715 * u**3)
    e = jnp.exp(-jnp.abs(v))
    large, small = 1 / (1 + e), e / (1 + e)  # 1 - large would lose digits
    inner = scale * (1 + 3 * 0.044715 * u**2)
    return jnp.where(v < 0, small, large), large * small * inner


# --8<-- [end:gate]


# --8<-- [start:kernel]
def gelu_kernel(x_ref, bias_ref, y_ref, *, shape, approximate):
    block, lanes = x_ref.shape
    _, row = span(pl.program_id(0) * block, block, shape[0])
    _, column = span(pl.program_id(1) * lanes, lanes, shape[1])
    inside = row[:, None] & column[None]
    u = read(x_ref, inside) + read(bias_ref, column)
    write(y_ref, u * gate(u, approximate)[0], inside)


def gelu_gradient_kernel(
    x_ref, bias_ref, dy_ref, dx_ref, dbias_ref, *, shape, approximate, block
):
    strip, lanes = x_ref.shape
    first = pl.program_id(0) * strip
    _, column = span(pl.program_id(1) * lanes, lanes, shape[1])
    bias = read(bias_ref, column)

    def tile(i, dbias):
        here = pl.ds(i * block, block)
        _, row = span(first + i * block, block, shape[0])
        inside = row[:, None] & column[None]
        u = read(x_ref.at[here], inside) + bias
        opened, slope = gate(u, approximate)
        dx = read(dy_ref.at[here], inside) * (opened + u * slope)
        write(dx_ref.at[here], dx, inside)
        return dbias + dx

    zero = jnp.zeros((block, lanes), jnp.float32)
    dbias = jax.lax.fori_loop(0, strip // block, tile, zero)
    write(dbias_ref, dbias.sum(0), column)


# --8<-- [end:kernel]


def gelu_forward(x, bias, *, approximate, backend):
    block, lanes, warps = part_tile(*x.shape)
    tile = pl.BlockSpec((block, lanes), lambda i, j: (i, j))
    y = launch(
        gelu_kernel,
        *(x, bias),
        grid=(pl.cdiv(len(x), block), pl.cdiv(x.shape[1], lanes)),
        in_specs=[tile, pl.BlockSpec((lanes,), lambda i, j: (j,))],
        out_specs=tile,
        out_shape=ShapeDtypeStruct(x.shape, x.dtype),
        settings={"shape": x.shape, "approximate": approximate},
        num_warps=warps,
        backend=backend,
    )
    return y, (x, bias)


def gelu_backward(kept, dy, *, approximate, backend):
    x, bias = kept
    block, lanes, warps = part_tile(*x.shape)
    parts = pl.cdiv(x.shape[1], lanes)
    strip = block * pl.cdiv(len(x) * parts, block * PROGRAMS)
    strips = pl.cdiv(len(x), strip)
    tile = pl.BlockSpec((strip, lanes), lambda i, j: (i, j))
    dx, dbias = launch(
        gelu_gradient_kernel,
        *(x, bias, dy),
        grid=(strips, parts),
        in_specs=[tile, pl.BlockSpec((lanes,), lambda i, j: (j,)), tile],
        out_specs=[tile, pl.BlockSpec((None, lanes), lambda i, j: (i, j))],
        out_shape=[
            ShapeDtypeStruct(x.shape, x.dtype),
            ShapeDtypeStruct((strips, x.shape[1]), jnp.float32),
        ],
        settings={
            "shape": x.shape,
            "approximate": approximate,
            "block": block,
        },
        num_warps=warps,
        backend=backend,
    )
    return dx, dbias.sum(0).astype(bias.dtype)


def gelu(
    x: Array,
    bias: Array,
    approximate: str = "none",
    *,
    backend: str = "triton",
) -> Array:
    check_arrays(x=x, bias=bias)
    check(x.ndim > 0, "x", f"of shape {x.shape}", "of rank 1 or more")
    check_shape("bias", bias, x.shape[-1:])
    known = approximate in ("none", "tanh")
    check(known, "approximate", repr(approximate), "'none' or 'tanh'")
    check_backend(backend)
    if backend == "reference":
        return gelu_reference(x, bias, approximate)
    how = {"approximate": approximate, "backend": backend}
    run = differentiable(gelu_forward, gelu_backward, **how)
    return run(x.reshape(-1, x.shape[-1]), bias).reshape(x.shape)


def main() -> None:
    report(gelu, (3, 5, 300), (300,))


if __name__ == "__main__":
    main()
