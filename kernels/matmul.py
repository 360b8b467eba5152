"""A matrix product that adds the bias and applies ReLU before it stores.

    y = f(x wᵀ + bias), f the identity or ReLU
    dz = dy where y > 0, else 0     dx = dz w    dw = dzᵀ x    dbias = Σ dz

A program owns a tile of y and adds up tiles along the inner axis; the sum never
leaves registers before bias and ReLU have been applied. The gradients are the
same kernel, which reads a factor by rows or by columns.

x (…, k), weight (n, k) and bias (n) are float32, bfloat16 or float16, all the
same; y is as x, and sums are float32.

ValueError for other shapes and types, empty arrays, another ``epilogue``, and
a back end that is not there.
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
from kernels.products import product
from kernels.tiles import read, span, write

SIDE = 64  # of a tile of y
INNER = 32


def matmul_reference(
    x: Array, weight: Array, bias: Array, epilogue: str
) -> Array:
    precise = jax.lax.Precision.HIGHEST
    wide, factor = x.astype(jnp.float32), weight.astype(jnp.float32)
    y = jnp.matmul(wide, factor.T, precision=precise) + bias
    return (jax.nn.relu(y) if epilogue == "relu" else y).astype(x.dtype)


# --8<-- [start:kernel]
def strip(ref, here, outer, inner, by_rows: bool) -> Array:
    """SIDE × INNER of a factor, which is kept by rows or by columns."""
    inside = outer[:, None] & inner[None]
    if by_rows:
        tile = read(ref.at[:, here], inside)
    else:
        tile = read(ref.at[here], inner[:, None] & outer[None]).T
    return tile.astype(ref.dtype)


def matmul_kernel(
    a_ref, b_ref, bias_ref, y_ref, *, shape, by_rows, epilogue
):  # fmt: skip
    _, row = span(pl.program_id(0) * SIDE, SIDE, shape[0])
    _, column = span(pl.program_id(1) * SIDE, SIDE, shape[1])

    def step(i, total):
        _, inner = span(i * INNER, INNER, shape[2])
        here = pl.ds(i * INNER, INNER)
        a = strip(a_ref, here, row, inner, by_rows[0])
        b = strip(b_ref, here, column, inner, by_rows[1])
        return total + product(a, b.T)

    zero = jnp.zeros((SIDE, SIDE), jnp.float32)
    y = jax.lax.fori_loop(0, pl.cdiv(shape[2], INNER), step, zero)
    y = y + read(bias_ref, column)
    if epilogue == "relu":
        y = jnp.where(y < 0, 0, y)  # NaN stays, as in torch
    write(y_ref, y, row[:, None] & column[None])


# --8<-- [end:kernel]


# --8<-- [start:launch]
def multiplied(a, b, bias, by_rows, epilogue, backend):
    """f(A Bᵀ + bias) for factors that lie in memory either way round."""
    m, inner = a.shape if by_rows[0] else a.shape[::-1]
    n = b.shape[0] if by_rows[1] else b.shape[1]
    long = INNER * pl.cdiv(inner, INNER)

    def strips(axis, rows):
        if rows:
            return pl.BlockSpec((SIDE, long), lambda *at: (at[axis], 0))
        return pl.BlockSpec((long, SIDE), lambda *at: (0, at[axis]))

    return launch(
        matmul_kernel,
        *(a, b, bias),
        grid=(pl.cdiv(m, SIDE), pl.cdiv(n, SIDE)),
        in_specs=[
            strips(0, by_rows[0]),
            strips(1, by_rows[1]),
            pl.BlockSpec((SIDE,), lambda i, j: (j,)),
        ],
        out_specs=pl.BlockSpec((SIDE, SIDE), lambda i, j: (i, j)),
        out_shape=ShapeDtypeStruct((m, n), a.dtype),
        settings={
            "shape": (m, n, inner),
            "by_rows": by_rows,
            "epilogue": epilogue,
        },
        backend=backend,
    )


# --8<-- [end:launch]


# --8<-- [start:gradient]
def matmul_forward(x, weight, bias, *, epilogue, backend):
    by_rows = (True, True)
    y = multiplied(x, weight, bias, by_rows, epilogue, backend)
    return y, (x, weight, bias, y)


def matmul_backward(kept, dy, *, epilogue, backend):
    x, weight, bias, y = kept
    dz = jnp.where(y > 0, dy, 0) if epilogue == "relu" else dy
    none = jnp.zeros(x.shape[1], x.dtype)
    how = ("none", backend)
    dx = multiplied(dz, weight, none, (True, False), *how)
    dweight = multiplied(dz, x, none, (False, False), *how)
    return dx, dweight, dz.astype(jnp.float32).sum(0).astype(bias.dtype)


# --8<-- [end:gradient]


def matmul(
    x: Array,
    weight: Array,
    bias: Array,
    epilogue: str = "none",
    *,
    backend: str = "triton",
) -> Array:
    check_arrays(x=x, weight=weight, bias=bias)
    check(x.ndim > 0, "x", f"of shape {x.shape}", "of rank 1 or more")
    rank = f"of shape {weight.shape}"
    check(weight.ndim == 2, "weight", rank, "of rank 2")
    check_shape("weight", weight, (len(weight), x.shape[-1]))
    check_shape("bias", bias, (len(weight),))
    for name, other in (("weight", weight), ("bias", bias)):
        check(other.dtype == x.dtype, name, other.dtype, f"{x.dtype}, as x")
    known = epilogue in ("none", "relu")
    check(known, "epilogue", repr(epilogue), "'none' or 'relu'")
    check_backend(backend)
    if backend == "reference":
        return matmul_reference(x, weight, bias, epilogue)
    how = {"epilogue": epilogue, "backend": backend}
    run = differentiable(matmul_forward, matmul_backward, **how)
    y = run(x.reshape(-1, x.shape[-1]), weight, bias)
    return y.reshape(*x.shape[:-1], len(weight))


def main() -> None:
    report(matmul, (3, 50, 90), (70, 90), (70,))


if __name__ == "__main__":
    main()
