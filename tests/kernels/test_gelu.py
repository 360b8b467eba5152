"""GELU with a bias against torch."""

import jax.numpy as jnp

from tests.kernels.harness import KernelTests
from tests.kernels.subjects.gelu import SUBJECT

MUTANTS = {
    "a tile's load is not masked": (
        "u = read(x_ref, inside) +",
        "u = x_ref[...].astype(jnp.float32) +",
    ),
    "a tile's store is not masked": (
        "write(y_ref, u * gate(u, approximate)[0], inside)",
        "y_ref[...] = (u * gate(u, approximate)[0]).astype(y_ref.dtype)",
    ),
    "columns behind the row are stored": (
        "inside = row[:, None] & column[None]\n    u",
        "inside = row[:, None] | column[None]\n    u",
    ),
    "no bias": (
        "u = read(x_ref, inside) + read(bias_ref, column)",
        "u = read(x_ref, inside)",
    ),
    "bias of the first tile": (
        "pl.BlockSpec((lanes,), lambda i, j: (j,))],\n        out_specs=tile",
        "pl.BlockSpec((lanes,), lambda i, j: (0,))],\n        out_specs=tile",
    ),
    "always exact": ('if approximate == "none":', "if approximate:"),
    "tanh: another cubic": (
        "(u + 0.044715 * u**3)",
        "(u + 0.0447 * u**3)",
    ),
    "tanh: the sides swapped": ("v < 0, small", "v > 0, small"),
    "tanh: scale halved": (
        "scale = 2 * math.sqrt(2 / math.pi)",
        "scale = math.sqrt(2 / math.pi)",
    ),
    "tanh: slope of the cubic": ("1 + 3 * 0.044715", "1 + 0.044715"),
    "gradient: product rule": ("(opened + u * slope)", "opened"),
    "gradient: no bias": (
        "u = read(x_ref.at[here], inside) + bias",
        "u = read(x_ref.at[here], inside)",
    ),
    "gradient: the last tile only": (
        "return dbias + dx",
        "return dx",
    ),
    "gradient: strips overlap": (
        "first = pl.program_id(0) * strip",
        "first = pl.program_id(0) * block",
    ),
    "gradient: one strip summed": ("dbias.sum(0).as", "dbias[0].as"),
}
REFUSED = {
    "a bias of another length": (
        lambda call: call(jnp.ones((2, 4)), jnp.ones(3), backend="interpret"),
        r"bias is of shape \(3,\); it must be of shape \(4,\)",
    ),
    "another approximation": (
        lambda call: call(
            jnp.ones((2, 4)), jnp.ones(4), "erf", backend="interpret"
        ),
        "approximate is 'erf'; it must be 'none' or 'tanh'",
    ),
}


class TestGELU(KernelTests):
    subject = SUBJECT
    shrunk = (("PROGRAMS = 1024", "PROGRAMS = 4"),)
    mutants = MUTANTS
    refused = REFUSED
