"""Root mean square normalization against torch."""

import jax.numpy as jnp

from tests.kernels.harness import KernelTests
from tests.kernels.subjects.rms_norm import SUBJECT

MUTANTS = {
    "a tile's load is not masked": (
        "x = read(x_ref, inside)",
        "x = x_ref[...].astype(jnp.float32)",
    ),
    "a tile's store is not masked": (
        "write(y_ref, y, inside)",
        "y_ref[...] = y.astype(y_ref.dtype)",
    ),
    "rows behind the last are stored": (
        "write(rstd_ref, rstd, row)",
        "write(rstd_ref, rstd, row | True)",
    ),
    "squares over the wrong axis": ("(x**2).sum(1)", "(x**2).sum(0)"),
    "divided by the lanes": (
        "(x**2).sum(1) / features",
        "(x**2).sum(1) / lanes",
    ),
    "eps outside the root": (
        "rsqrt((x**2).sum(1) / features + eps)",
        "rsqrt((x**2).sum(1) / features) + eps",
    ),
    "another eps": ("features + eps)", "features + 1.1 * eps)"),
    "no root": ("jax.lax.rsqrt(", "1 / ("),
    "no weight": (" * read(weight_ref, column)", ""),
    "gradient: no part along z": ("(g - z * along)", "g"),
    "gradient: a sum for a mean": (
        "sum(1, keepdims=True) / features",
        "sum(1, keepdims=True)",
    ),
    "gradient: not over the root": ("along) * rstd", "along)"),
    "gradient: weight forgotten": ("g = weight * dy", "g = dy"),
    "gradient: the last tile only": (
        "return dweight + dy * z",
        "return dy * z",
    ),
    "gradient: strips overlap": (
        "first = pl.program_id(0) * strip",
        "first = pl.program_id(0) * block",
    ),
    "gradient: one tile a strip": (
        "fori_loop(0, strip // block",
        "fori_loop(0, 1",
    ),
    "gradient: one strip summed": ("dweight.sum(0).as", "dweight[0].as"),
}
REFUSED = {
    "a weight of another length": (
        lambda call: call(jnp.ones((2, 4)), jnp.ones(3), backend="interpret"),
        r"weight is of shape \(3,\); it must be of shape \(4,\)",
    ),
    "a row that no registers hold": (
        lambda call: call(jnp.ones((1, 16385)), jnp.ones(16385)),
        "x is of 16385 features; it must be of at most 16384",
    ),
    "a negative eps": (
        lambda call: call(
            jnp.ones((2, 4)), jnp.ones(4), -1e-6, backend="interpret"
        ),
        "eps is -1e-06; it must be positive",
    ),
}


class TestRMSNorm(KernelTests):
    subject = SUBJECT
    shrunk = (("SUMS = 256", "SUMS = 2"),)
    mutants = MUTANTS
    refused = REFUSED
