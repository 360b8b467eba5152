"""Layer normalization against torch, in float64 and in its own types."""

import jax.numpy as jnp

from tests.kernels.harness import KernelTests
from tests.kernels.subjects.layer_norm import SUBJECT

MUTANTS = {
    "lanes behind the row stay on": (
        "centered = jnp.where(inside, x - mean[:, None], 0)",
        "centered = x - mean[:, None]",
    ),
    "a tile's load is not masked": (
        "x = read(x_ref, inside)",
        "x = x_ref[...].astype(jnp.float32)",
    ),
    "a tile's store is not masked": (
        "write(y_ref, y, inside)",
        "y_ref[...] = y.astype(y_ref.dtype)",
    ),
    "rows behind the last are stored": (
        "write(mean_ref, mean, row)",
        "write(mean_ref, mean, row | True)",
    ),
    "means over the wrong axis": ("x.sum(1)", "x.sum(0)"),
    "divided by the lanes": (
        "mean = x.sum(1) / features",
        "mean = x.sum(1) / lanes",
    ),
    "unbiased variance": (
        "(centered**2).sum(1) / features",
        "(centered**2).sum(1) / (features - 1)",
    ),
    "eps outside the root": (
        "rsqrt((centered**2).sum(1) / features + eps)",
        "rsqrt((centered**2).sum(1) / features) + eps",
    ),
    "another eps": (
        "features + eps)",
        "features + 1.1 * eps)",
    ),
    "the mean stays": ("x - mean[:, None], 0", "x, 0"),
    "no bias": (" + read(bias_ref, column)", ""),
    "no weight": ("z * read(weight_ref, column)", "z"),
    "gradient: no mean of g": (
        "g - g.sum(1, keepdims=True) / features - z",
        "g - z",
    ),
    "gradient: no part along z": (" - z * along) * rstd", ") * rstd"),
    "gradient: not over the deviation": ("along) * rstd", "along)"),
    "gradient: weight forgotten": ("g = weight * dy", "g = dy"),
    "gradient: the last tile only": (
        "return sums[0] + dy * z, sums[1] + dy",
        "return dy * z, dy",
    ),
    "gradient: strips overlap": (
        "first = pl.program_id(0) * strip",
        "first = pl.program_id(0) * block",
    ),
    "gradient: one tile a strip": (
        "fori_loop(0, strip // block",
        "fori_loop(0, 1",
    ),
    "gradient: dbias takes z": ("sums[1] + dy", "sums[1] + dy * z"),
    "gradient: one strip summed": (
        "dweight.sum(0), dbias.sum(0)",
        "dweight[0], dbias[0]",
    ),
}
REFUSED = {
    "a number": (
        lambda call: call(jnp.float32(1), *ones(4, 4), backend="interpret"),
        r"x is of shape \(\); it must be of rank 1 or more",
    ),
    "a weight of another length": (
        lambda call: call(*ones((2, 4), 3, 4), backend="interpret"),
        r"weight is of shape \(3,\); it must be of shape \(4,\)",
    ),
    "a bias of another length": (
        lambda call: call(*ones((2, 4), 4, 5), backend="interpret"),
        r"bias is of shape \(5,\); it must be of shape \(4,\)",
    ),
    "a row that no registers hold": (
        lambda call: call(*ones((1, 16385), 16385, 16385)),
        "x is of 16385 features; it must be of at most 16384",
    ),
    "eps of zero": (
        lambda call: call(*ones((2, 4), 4, 4), 0.0, backend="interpret"),
        "eps is 0.0; it must be positive",
    ),
}


class TestLayerNorm(KernelTests):
    subject = SUBJECT
    shrunk = (("STRIPS = 256", "STRIPS = 2"),)
    mutants = MUTANTS
    refused = REFUSED


def ones(*shapes: int | tuple[int, ...]) -> list[jnp.ndarray]:
    return [jnp.ones(shape) for shape in shapes]
