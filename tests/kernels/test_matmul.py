"""A matrix product with its epilogue against torch."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from tests.kernels.harness import Edit, KernelTests
from tests.kernels.several import edited_together
from tests.kernels.subjects.matmul import SUBJECT

MUTANTS = {
    "a tile's load is not masked": (
        "tile = read(ref.at[:, here], inside)",
        "tile = ref[:, here]",
    ),
    "by columns: a tile's load is not masked": (
        "read(ref.at[here], inner[:, None] & outer[None]).T",
        "ref[here].T",
    ),
    "what lies behind the inner axis counts": (
        "inside = outer[:, None] & inner[None]",
        "inside = outer[:, None] | inner[None]",
    ),
    "rows behind the last are stored": (
        "write(y_ref, y, row[:, None] & column[None])",
        "write(y_ref, y, row[:, None] | column[None])",
    ),
    "a tile's store is not masked": (
        "write(y_ref, y, row[:, None] & column[None])",
        "y_ref[...] = y.astype(y_ref.dtype)",
    ),
    "one tile of the inner axis too few": (
        "pl.cdiv(shape[2], INNER), step",
        "shape[2] // INNER, step",
    ),
    "the last tile of the inner axis alone": (
        "return total + product(a, b.T)",
        "return product(a, b.T)",
    ),
    "the other factor turned": ("product(a, b.T)", "product(a, b)"),
    "float32 cut to TF32": (
        "jax.lax.Precision.HIGHEST if a.dtype == jnp.float32 else None",
        "None",
    ),
    "no bias": ("y + read(bias_ref, column)", "y + 0"),
    "bias of the first tile": (
        "pl.BlockSpec((SIDE,), lambda i, j: (j,))",
        "pl.BlockSpec((SIDE,), lambda i, j: (0,))",
    ),
    "bias after ReLU": (
        "    y = y + read(bias_ref, column)\n"
        '    if epilogue == "relu":\n'
        "        y = jnp.where(y < 0, 0, y)  # NaN stays, as in torch\n",
        '    if epilogue == "relu":\n'
        "        y = jnp.where(y < 0, 0, y)\n"
        "    y = y + read(bias_ref, column)\n",
    ),
    "no ReLU": ("jnp.where(y < 0, 0, y)", "y"),
    "the grid turned": (
        "grid=(pl.cdiv(m, SIDE), pl.cdiv(n, SIDE))",
        "grid=(pl.cdiv(n, SIDE), pl.cdiv(m, SIDE))",
    ),
    "gradient: ReLU passed by": (
        "jnp.where(y > 0, dy, 0) if epilogue",
        "dy if epilogue",
    ),
    "gradient: ReLU turned round": (
        "jnp.where(y > 0, dy, 0)",
        "jnp.where(y > 0, 0, dy)",
    ),
    "gradient: dx through ReLU again": (
        'how = ("none", backend)',
        'how = ("relu", backend)',
    ),
    "gradient: weight by rows": ("none, (True, False)", "none, (True, True)"),
    "gradient: dz by rows": ("none, (False, False)", "none, (True, False)"),
    "gradient: dbias of the first row": (
        "dz.astype(jnp.float32).sum(0)",
        "dz.astype(jnp.float32)[0]",
    ),
}


def refused(message: str, *shapes: tuple[int, ...], **how: Any) -> Any:
    return (
        lambda call: call(*map(jnp.ones, shapes), backend="interpret", **how),
        message,
    )


def mixed(call: Callable[..., Any]) -> Any:
    x, weight, bias = map(jnp.ones, ((3, 4), (5, 4), (5,)))
    return call(x, weight.astype(jnp.float16), bias, backend="interpret")


REFUSED = {
    "a number": refused(
        r"x is of shape \(\); it must be of rank 1", (), (5, 4), (5,)
    ),
    "a weight of three axes": refused(
        r"weight is of shape \(1, 5, 4\); it must be of rank 2",
        (3, 4),
        (1, 5, 4),
        (5,),
    ),
    "a weight turned round": refused(
        r"weight is of shape \(4, 5\); it must be of shape \(4, 4\)",
        (3, 4),
        (4, 5),
        (5,),
    ),
    "a bias of another length": refused(
        r"bias is of shape \(4,\); it must be of shape \(5,\)",
        (3, 4),
        (5, 4),
        (4,),
    ),
    "another epilogue": refused(
        "epilogue is 'gelu'; it must be 'none' or 'relu'",
        (3, 4),
        (5, 4),
        (5,),
        epilogue="gelu",
    ),
    "mixed types": (mixed, "weight is float16; it must be float32, as x"),
}


class TestMatmul(KernelTests):
    subject = SUBJECT
    shrunk = (("SIDE = 64", "SIDE = 16"), ("INNER = 32", "INNER = 16"))
    mutants = MUTANTS
    refused = REFUSED

    def version(self, *edits: Edit) -> Callable[..., Any]:
        if not edits:
            return self.subject.call
        modules = ("kernels.products", "kernels.matmul")
        return edited_together(modules, edits).matmul
