"""Root mean square normalization: layer normalization without the mean.

    rstd = 1 / √(Σ x² / d + eps)    z = x rstd    y = weight z
    dx = (g - z Σ g z / d) rstd, with g = weight dy
    dweight = Σ dy z, over all rows

x (..., d) and weight (d) are float32, bfloat16 or float16; y is as x, and all
sums are float32. d is at most 16384, since a row lives in registers.
Zhang and Sennrich, https://arxiv.org/abs/1910.07467.

ValueError for other shapes and types, empty arrays, eps that is not positive,
and a back end that is not there.
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
from kernels.tiles import read, row_specs, row_tile, span, write

LONGEST_ROW = 16384
SUMS = 256  # partial sums of the gradient of weight


def rms_norm_reference(x: Array, weight: Array, eps: float) -> Array:
    wide = x.astype(jnp.float32)
    square = (wide**2).mean(-1, keepdims=True)
    return (wide / jnp.sqrt(square + eps) * weight).astype(x.dtype)


# --8<-- [start:kernel]
def rms_norm_kernel(x_ref, weight_ref, y_ref, rstd_ref, *, shape, eps):
    rows, features = shape
    block, lanes = x_ref.shape
    _, row = span(pl.program_id(0) * block, block, rows)
    _, column = span(0, lanes, features)
    inside = row[:, None] & column[None]
    x = read(x_ref, inside)  # lanes behind the row add 0² to the sum
    rstd = jax.lax.rsqrt((x**2).sum(1) / features + eps)
    y = x * rstd[:, None] * read(weight_ref, column)
    write(y_ref, y, inside)
    write(rstd_ref, rstd, row)


# --8<-- [end:kernel]


def rms_norm_gradient_kernel(
    x_ref,
    weight_ref,
    rstd_ref,
    dy_ref,
    dx_ref,
    dweight_ref,
    *,
    shape,
    block,
):
    rows, features = shape
    strip, lanes = x_ref.shape
    first = pl.program_id(0) * strip
    _, column = span(0, lanes, features)
    weight = read(weight_ref, column)

    def tile(i, dweight):
        here = pl.ds(i * block, block)
        _, row = span(first + i * block, block, rows)
        inside = row[:, None] & column[None]
        dy = read(dy_ref.at[here], inside)
        rstd = read(rstd_ref.at[here], row)[:, None]
        z = read(x_ref.at[here], inside) * rstd
        g = weight * dy
        along = (g * z).sum(1, keepdims=True) / features
        write(dx_ref.at[here], (g - z * along) * rstd, inside)
        return dweight + dy * z

    zero = jnp.zeros((block, lanes), jnp.float32)
    dweight = jax.lax.fori_loop(0, strip // block, tile, zero)
    write(dweight_ref, dweight.sum(0), column)


def rms_norm_forward(x, weight, *, eps, backend):
    block, lanes, warps = row_tile(*x.shape)
    tile, vector, numbers, _ = row_specs(block, lanes)
    y, rstd = launch(
        rms_norm_kernel,
        *(x, weight),
        grid=(pl.cdiv(len(x), block),),
        in_specs=[tile, vector],
        out_specs=[tile, numbers],
        out_shape=[
            ShapeDtypeStruct(x.shape, x.dtype),
            ShapeDtypeStruct(x.shape[:1], jnp.float32),
        ],
        settings={"shape": x.shape, "eps": eps},
        num_warps=warps,
        backend=backend,
    )
    return y, (x, weight, rstd)


def rms_norm_backward(kept, dy, *, eps, backend):
    x, weight, rstd = kept
    block, lanes, warps = row_tile(*x.shape)
    strip = block * pl.cdiv(len(x), block * SUMS)
    strips = pl.cdiv(len(x), strip)
    tile, vector, numbers, sums = row_specs(strip, lanes)
    dx, dweight = launch(
        rms_norm_gradient_kernel,
        *(x, weight, rstd, dy),
        grid=(strips,),
        in_specs=[tile, vector, numbers, tile],
        out_specs=[tile, sums],
        out_shape=[
            ShapeDtypeStruct(x.shape, x.dtype),
            ShapeDtypeStruct((strips, x.shape[1]), jnp.float32),
        ],
        settings={"shape": x.shape, "block": block},
        num_warps=warps,
        backend=backend,
    )
    return dx, dweight.sum(0).astype(weight.dtype)


def rms_norm(
    x: Array, weight: Array, eps: float = 1e-6, *, backend: str = "triton"
) -> Array:
    check_arrays(x=x, weight=weight)
    check(x.ndim > 0, "x", f"of shape {x.shape}", "of rank 1 or more")
    d = x.shape[-1]
    limit = f"of at most {LONGEST_ROW}"
    check(d <= LONGEST_ROW, "x", f"of {d} features", limit)
    check_shape("weight", weight, (d,))
    check(eps > 0, "eps", eps, "positive")
    check_backend(backend)
    if backend == "reference":
        return rms_norm_reference(x, weight, eps)
    function = differentiable(
        rms_norm_forward, rms_norm_backward, eps=eps, backend=backend
    )
    return function(x.reshape(-1, d), weight).reshape(x.shape)


def main() -> None:
    report(rms_norm, (3, 5, 300), (300,))


if __name__ == "__main__":
    main()
