"""SwiGLU with a bias against torch."""

import jax.numpy as jnp

from tests.kernels.harness import KernelTests
from tests.kernels.subjects.swiglu import SUBJECT

MUTANTS = {
    "a tile's load is not masked": (
        "read(x_ref.at[:, half], inside) + read(",
        "x_ref.at[:, half][...].astype(jnp.float32) + read(",
    ),
    "a tile's store is not masked": (
        "write(y_ref, a / (1 + jnp.exp(-a)) * b, inside)",
        "y_ref[...] = (a / (1 + jnp.exp(-a)) * b).astype(y_ref.dtype)",
    ),
    "columns behind the row are stored": (
        "inside = row[:, None] & column[None]\n    #",
        "inside = row[:, None] | column[None]\n    #",
    ),
    "the second half is the gate": (
        "a, b = (\n        read(",
        "b, a = (\n        read(",
    ),
    "no bias": (" + read(bias_ref.at[half], column)\n", "\n"),
    "one bias for both halves": (
        "+ read(bias_ref.at[half], column)\n",
        "+ read(bias_ref.at[jnp.int32(0)], column)\n",
    ),
    "the gate without its argument": ("a / (1 +", "1 / (1 +"),
    "the gate turned round": (
        "jnp.exp(-a)) * b, ins",
        "jnp.exp(a)) * b, ins",
    ),
    "gradient: σ for the slope of a σ(a)": (
        "(opened * (1 + a * (1 - opened)))",
        "opened",
    ),
    "gradient: the other factor": ("da = dy * b *", "da = dy * a *"),
    "gradient: b takes σ alone": (
        "db = dy * (a * opened)",
        "db = dy * opened",
    ),
    "gradient: halves swapped": (
        "write(dx_ref.at[here, halves[0]], da, inside)\n"
        "        write(dx_ref.at[here, halves[1]], db",
        "write(dx_ref.at[here, halves[0]], db, inside)\n"
        "        write(dx_ref.at[here, halves[1]], da",
    ),
    "gradient: one half written": (
        "write(dx_ref.at[here, halves[1]], db, inside)",
        "pass",
    ),
    "gradient: no bias": (
        "read(x_ref.at[here, half], inside) + bias",
        "read(x_ref.at[here, half], inside)",
    ),
    "gradient: the last tile only": (
        "return sums[0] + da, sums[1] + db",
        "return da, db",
    ),
    "gradient: strips overlap": (
        "first = pl.program_id(0) * strip",
        "first = pl.program_id(0) * block",
    ),
    "gradient: one strip summed": ("dbias.sum(0).as", "dbias[0].as"),
}
REFUSED = {
    "an odd number of features": (
        lambda call: call(jnp.ones((2, 5)), jnp.ones(5), backend="interpret"),
        r"x is of shape \(2, 5\); it must be of an even last axis",
    ),
    "a bias of one half": (
        lambda call: call(jnp.ones((2, 6)), jnp.ones(3), backend="interpret"),
        r"bias is of shape \(3,\); it must be of shape \(6,\)",
    ),
}


class TestSwiGLU(KernelTests):
    subject = SUBJECT
    shrunk = (("WORKERS = 1024", "WORKERS = 4"),)
    mutants = MUTANTS
    refused = REFUSED
