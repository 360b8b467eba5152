"""Softmax of short and long rows against torch."""

import jax.numpy as jnp
import numpy as np
import pytest
import torch

from tests.kernels.harness import KernelTests
from tests.kernels.running import run
from tests.kernels.subjects.softmax import SUBJECT

MUTANTS = {
    "a tile's load is not masked": (
        "x = read(x_ref, inside, other=-INF)  #",
        "x = x_ref[...].astype(jnp.float32)  #",
    ),
    "lanes behind the row are 0": (
        "read(x_ref, inside, other=-INF)  #",
        "read(x_ref, inside)  #",
    ),
    "a tile's store is not masked": (
        "write(y_ref, e / e.sum(1, keepdims=True), inside)",
        "y_ref[...] = (e / e.sum(1, keepdims=True)).astype(y_ref.dtype)",
    ),
    "the largest is not taken away": (
        "jnp.exp(x - x.max(1, keepdims=True))",
        "jnp.exp(x)",
    ),
    "over the wrong axis": (
        "e / e.sum(1, keepdims=True)",
        "e / e.sum(0, keepdims=True)",
    ),
    "gradient: the sum forgotten": (
        "y * (dy - (dy * y).sum(1, keepdims=True))",
        "y * dy",
    ),
    "gradient: of dy alone": (
        "(dy * y).sum(1, keepdims=True)",
        "dy.sum(1, keepdims=True)",
    ),
    "long: not rescaled": (
        "total * jnp.exp(largest - base)",
        "total",
    ),
    "long: rescaled the wrong way": (
        "jnp.exp(largest - base)",
        "jnp.exp(base - largest)",
    ),
    "long: the last chunk is not masked": (
        "x = read(x_ref.at[here], inside, other=-INF)\n        larger",
        "x = x_ref.at[here][...].astype(jnp.float32)\n        larger",
    ),
    "long: the chunk behind is stored": (
        "jnp.exp(x - largest) / total, inside)",
        "jnp.exp(x - largest) / total, inside | True)",
    ),
    "long: one chunk too few": (
        "return pl.cdiv(length, CHUNK), at",
        "return length // CHUNK, at",
    ),
    "long: not divided": (" / total, inside)", ", inside)"),
    "long gradient: the last chunk only": (
        "return total + dy * y",
        "return dy * y",
    ),
    "long gradient: the sum forgotten": (
        "y * (dy - total)",
        "y * dy",
    ),
}
REFUSED = {
    "a number": (
        lambda call: call(jnp.float32(1), backend="interpret"),
        r"x is of shape \(\); it must be of rank 1 or more",
    ),
}


class TestSoftmax(KernelTests):
    subject = SUBJECT
    # rows of more than 100 are long here
    shrunk = (("SHORT = 16384", "SHORT = 100"), ("CHUNK = 4096", "CHUNK = 64"))
    mutants = MUTANTS
    refused = REFUSED

    @pytest.mark.parametrize("way", ["triton_ir", "interpret"])
    @pytest.mark.parametrize("columns", [50, 300], ids=["short", "long"])
    def test_masked_scores(self, columns: int, way: str) -> None:
        """-inf at the start of a row, over more than a chunk, and everywhere."""
        x = np.random.default_rng(0).standard_normal((4, columns)).astype("f4")
        x[0, : columns // 2] = -np.inf
        x[1, 1:] = -np.inf
        x[2] = -np.inf
        (ours,) = run(self.version(*self.shrunk), [x], None, way)
        theirs = torch.softmax(torch.tensor(x), -1).numpy()
        assert np.allclose(ours, theirs, rtol=1e-5, atol=0, equal_nan=True)
        assert np.isnan(ours[2]).all() and not np.isnan(ours[[0, 1, 3]]).any()

    @pytest.mark.parametrize("columns", [50, 300], ids=["short", "long"])
    def test_a_constant_added_changes_nothing(self, columns: int) -> None:
        x = np.random.default_rng(0).integers(-9, 9, (4, columns)).astype("f4")
        call = self.version(*self.shrunk)
        once, shifted = (
            run(call, [x + by], None, "triton_ir")[0] for by in (0, 4096)
        )
        assert once.tobytes() == shifted.tobytes()
