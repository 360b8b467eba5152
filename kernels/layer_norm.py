"""Layer normalization that reads each row once, and its gradient as well.

    mean = Σ x / d        rstd = 1 / √(Σ (x - mean)² / d + eps)
    z = (x - mean) rstd   y = weight z + bias
    dx = (g - Σ g / d - z Σ g z / d) rstd, with g = weight dy
    dweight = Σ dy z,  dbias = Σ dy, over all rows

x (..., d), weight (d) and bias (d) are float32, bfloat16 or float16; y is as x,
and all sums are float32. d is at most 16384, since a row lives in registers.
Ba et al., https://arxiv.org/abs/1607.06450.

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

FEATURES = 16384
STRIPS = 256  # partial sums of the gradients of weight and bias


def layer_norm_reference(
    x: Array, weight: Array, bias: Array, eps: float
) -> Array:
    wide = x.astype(jnp.float32)
    centered = wide - wide.mean(-1, keepdims=True)
    variance = (centered**2).mean(-1, keepdims=True)
    z = centered / jnp.sqrt(variance + eps)
    return (z * weight + bias).astype(x.dtype)


# --8<-- [start:kernel]
def layer_norm_kernel(
    x_ref, weight_ref, bias_ref, y_ref, mean_ref, rstd_ref, *, shape, eps
):
    rows, features = shape
    block, lanes = x_ref.shape
    _, row = span(pl.program_id(0) * block, block, rows)
    _, column = span(0, lanes, features)
    inside = row[:, None] & column[None]
    x = read(x_ref, inside)  # the only reading of x
    mean = x.sum(1) / features
    # The lanes behind the row are 0 - mean by now: off again.
    centered = jnp.where(inside, x - mean[:, None], 0)
    rstd = jax.lax.rsqrt((centered**2).sum(1) / features + eps)
    z = centered * rstd[:, None]
    y = z * read(weight_ref, column) + read(bias_ref, column)
    write(y_ref, y, inside)
    write(mean_ref, mean, row)
    write(rstd_ref, rstd, row)


# --8<-- [end:kernel]


# --8<-- [start:gradient]
def layer_norm_gradient_kernel(
    x_ref, weight_ref, mean_ref, rstd_ref, dy_ref,
    dx_ref, dweight_ref, dbias_ref, *, shape, block,
):  # fmt: skip
    rows, features = shape
    strip, lanes = x_ref.shape
    first = pl.program_id(0) * strip  # interpret refuses it in the loop
    _, column = span(0, lanes, features)
    weight = read(weight_ref, column)

    def tile(i, sums):
        here = pl.ds(i * block, block)
        _, row = span(first + i * block, block, rows)
        inside = row[:, None] & column[None]
        dy = read(dy_ref.at[here], inside)
        mean, rstd = (
            read(ref.at[here], row)[:, None] for ref in (mean_ref, rstd_ref)
        )
        z = (read(x_ref.at[here], inside) - mean) * rstd
        g = weight * dy
        along = (g * z).sum(1, keepdims=True) / features
        dx = (g - g.sum(1, keepdims=True) / features - z * along) * rstd
        write(dx_ref.at[here], dx, inside)
        return sums[0] + dy * z, sums[1] + dy

    zero = jnp.zeros((block, lanes), jnp.float32)
    sums = jax.lax.fori_loop(0, strip // block, tile, (zero, zero))
    write(dweight_ref, sums[0].sum(0), column)
    write(dbias_ref, sums[1].sum(0), column)


# --8<-- [end:gradient]


def layer_norm_forward(x, weight, bias, *, eps, backend):
    block, lanes, warps = row_tile(*x.shape)
    tile, vector, numbers, _ = row_specs(block, lanes)
    number = ShapeDtypeStruct(x.shape[:1], jnp.float32)
    y, mean, rstd = launch(
        layer_norm_kernel,
        *(x, weight, bias),
        grid=(pl.cdiv(len(x), block),),
        in_specs=[tile, vector, vector],
        out_specs=[tile, numbers, numbers],
        out_shape=[ShapeDtypeStruct(x.shape, x.dtype), number, number],
        settings={"shape": x.shape, "eps": eps},
        num_warps=warps,
        backend=backend,
    )
    return y, (x, weight, bias, mean, rstd)


def layer_norm_backward(kept, dy, *, eps, backend):
    x, weight, bias, mean, rstd = kept
    block, lanes, warps = row_tile(*x.shape)
    strip = block * pl.cdiv(len(x), block * STRIPS)
    strips = pl.cdiv(len(x), strip)
    tile, vector, numbers, sums = row_specs(strip, lanes)
    part = ShapeDtypeStruct((strips, x.shape[1]), jnp.float32)
    dx, dweight, dbias = launch(
        layer_norm_gradient_kernel,
        *(x, weight, mean, rstd, dy),
        grid=(strips,),
        in_specs=[tile, vector, numbers, numbers, tile],
        out_specs=[tile, sums, sums],
        out_shape=[ShapeDtypeStruct(x.shape, x.dtype), part, part],
        settings={"shape": x.shape, "block": block},
        num_warps=warps,
        backend=backend,
    )
    dweight, dbias = dweight.sum(0), dbias.sum(0)  # in order: no atomics
    return dx, dweight.astype(weight.dtype), dbias.astype(bias.dtype)


def layer_norm(
    x: Array,
    weight: Array,
    bias: Array,
    eps: float = 1e-5,
    *,
    backend: str = "triton",
) -> Array:
    check_arrays(x=x, weight=weight, bias=bias)
    check(x.ndim > 0, "x", f"of shape {x.shape}", "of rank 1 or more")
    d = x.shape[-1]
    check(d <= FEATURES, "x", f"of {d} features", f"of at most {FEATURES}")
    check_shape("weight", weight, (d,))
    check_shape("bias", bias, (d,))
    check(eps > 0, "eps", eps, "positive")
    check_backend(backend)
    if backend == "reference":
        return layer_norm_reference(x, weight, bias, eps)
    function = differentiable(
        layer_norm_forward, layer_norm_backward, eps=eps, backend=backend
    )
    return function(x.reshape(-1, d), weight, bias).reshape(x.shape)


def main() -> None:
    report(layer_norm, (3, 5, 300), (300,), (300,))


if __name__ == "__main__":
    main()
