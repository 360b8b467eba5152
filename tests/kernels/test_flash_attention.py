"""Flash attention, plain and causal, against torch."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch.nn import functional

from tests.kernels.harness import Edit, KernelTests
from tests.kernels.running import run
from tests.kernels.several import edited_together
from tests.kernels.subjects.flash_attention import SUBJECT

MODULES = (  # in the order of their imports
    "kernels.products",
    "kernels.flash_attention_scores",
    "kernels.flash_attention_gradient",
    "kernels.flash_attention",
)
MUTANTS = {
    "a tile's load is not masked": (
        "tile = read(ref.at[pl.ds(i * BLOCK, BLOCK)], inside)",
        "tile = ref[pl.ds(i * BLOCK, BLOCK)]",
    ),
    "features behind d are loaded": (
        "inside = row[:, None] & feature[None]\n    tile",
        "inside = row[:, None] | feature[None]\n    tile",
    ),
    "rows behind the last are stored": (
        "write(y_ref, y / total[:, None], row[:, None] & feature[None])",
        "write(y_ref, y / total[:, None], row[:, None] | feature[None])",
    ),
    "keys behind the last count": (
        "counts = counts[None]",
        "counts = counts[None] | True",
    ),
    "causal: not oneself": (
        "key[None] <= queries[:, None]",
        "key[None] < queries[:, None]",
    ),
    "causal: the future": (
        "key[None] <= queries[:, None]",
        "key[None] >= queries[:, None]",
    ),
    "causal: all see all": (
        "    if causal:\n        counts",
        "    if 0:\n        counts",
    ),
    "causal: one tile too few": (
        "stop = i + 1 if causal else pl.cdiv(keys, BLOCK)\n    largest",
        "stop = i if causal else pl.cdiv(keys, BLOCK)\n    largest",
    ),
    "one tile of keys too few": (
        "else pl.cdiv(keys, BLOCK)\n    largest",
        "else keys // BLOCK\n    largest",
    ),
    "scores not scaled": ("scale * product(q, k.T)", "product(q, k.T)"),
    "float32 cut to TF32": (
        "jax.lax.Precision.HIGHEST if a.dtype == jnp.float32 else None",
        "None",
    ),
    "the output is not rescaled": (
        "y * shrink[:, None] + product",
        "y + product",
    ),
    "the sum is not rescaled": (
        "total * shrink + e.sum(1)",
        "total + e.sum(1)",
    ),
    "rescaled the wrong way": (
        "jnp.exp(largest - larger)",
        "jnp.exp(larger - largest)",
    ),
    "not divided": ("y / total[:, None]", "y"),
    "kept without the sum": ("largest + jnp.log(total)", "largest"),
    "gradient: no delta": (" - delta[:, None])", ")"),
    "gradient: weights not divided": (" - lse[:, None])", ")"),
    "gradient: delta without dy": (
        "(dy.astype(jnp.float32) * y.astype(jnp.float32)).sum(-1)",
        "y.astype(jnp.float32).sum(-1)",
    ),
    "gradient: dq not scaled": ("d**-0.5 * dq", "dq"),
    "gradient: dk not scaled": ("d**-0.5 * dk", "dk"),
    "gradient: dk takes the weights": (
        "product(ds.astype(q.dtype).T, q)",
        "product(p.astype(q.dtype).T, q)",
    ),
    "gradient: dv takes the scores": (
        "product(p.astype(dy.dtype).T, dy)",
        "product(ds.astype(dy.dtype).T, dy)",
    ),
    "gradient: the last tile of queries": (
        "dk = sums[0] + product",
        "dk = product",
    ),
    "gradient: the last tile of keys": (
        "return dq + product",
        "return product",
    ),
    "gradient: causal, one tile late": (
        "start, stop = j if causal",
        "start, stop = j + 1 if causal",
    ),
    "gradient: causal, one tile early": (
        "stop = i + 1 if causal else pl.cdiv(keys, BLOCK)\n    dq",
        "stop = i if causal else pl.cdiv(keys, BLOCK)\n    dq",
    ),
}


def refused(message: str, *shapes: tuple[int, ...], **how: Any) -> Any:
    return (
        lambda call: call(*map(jnp.ones, shapes), backend="interpret", **how),
        message,
    )


def mixed(call: Callable[..., Any]) -> Any:
    x = jnp.ones((3, 4))
    return call(x, x, x.astype(jnp.bfloat16), backend="interpret")


REFUSED = {
    "a vector": refused(
        "q is of shape .4,.; it must be of rank 2", (4,), (4,), (4,)
    ),
    "keys of another width": refused(
        r"k is of shape \(3, 5\); it must be of shape \(3, 4\)",
        (3, 4),
        (3, 5),
        (3, 5),
    ),
    "keys of other heads": refused(
        r"k is of shape \(1, 3, 4\); it must be of shape \(2, 3, 4\)",
        *((2, 3, 4), (1, 3, 4), (1, 3, 4)),
    ),
    "fewer values than keys": refused(
        r"v is of shape \(2, 4\); it must be of shape \(3, 4\)",
        (3, 4),
        (3, 4),
        (2, 4),
    ),
    "a head too wide": refused(
        "q is of 129 features; it must be of at most 128", *[(2, 129)] * 3
    ),
    "causal over another length": refused(
        "q is of length 2; it must be as long as k, 3, to be causal",
        *((2, 4), (3, 4), (3, 4)),
        causal=True,
    ),
    "mixed types": (mixed, "v is bfloat16; it must be float32, as q"),
}


class TestFlashAttention(KernelTests):
    subject = SUBJECT
    shrunk = (("BLOCK = 64", "BLOCK = 16"),)
    mutants = MUTANTS
    refused = REFUSED

    def version(self, *edits: Edit) -> Callable[..., Any]:
        """Of three modules, each importing those before it as edited."""
        if not edits:
            return self.subject.call
        return edited_together(MODULES, edits).flash_attention

    @pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
    @pytest.mark.parametrize("causal", [False, True])
    def test_large_scores(self, causal: bool, dtype: str) -> None:
        """Scores of some thousands, where exp would overflow at once."""
        q, k, v = SUBJECT.arrays((2, 40, 40, 20), dtype)
        q, k = ((30 * x).astype(dtype) for x in (q, k))
        call = self.version(*self.shrunk)
        (ours,) = run(call, [q, k, v], None, "triton_ir", causal=causal)
        exact = SUBJECT.exact(*map(np.float64, (q, k, v)), causal=causal)
        eps = float(jnp.finfo(dtype).eps)
        # a rounded score is off by its own size times eps, and so is exp of it
        largest = np.abs(np.float64(q) @ np.float64(k).swapaxes(-1, -2)).max()
        allowed = eps + 2**-23 * largest
        assert (
            np.abs(np.float64(ours) - exact).max()
            <= allowed * np.abs(exact).max()
        )

    def test_more_keys_than_queries(self) -> None:
        q, k, v = SUBJECT.arrays((2, 5, 90, 20), "float32")
        (ours,) = run(self.version(*self.shrunk), [q, k, v], None, "triton_ir")
        theirs = functional.scaled_dot_product_attention(
            *(torch.tensor(x).double() for x in (q, k, v))
        )
        assert np.allclose(ours, theirs.numpy(), atol=1e-6)

    def test_causal_output_does_not_see_the_future(self) -> None:
        """Changing a key and value moves no output before it, by not a bit."""
        q, k, v = SUBJECT.arrays((1, 50, 50, 20), "float32")
        call = self.version(*self.shrunk)
        outputs = []
        for moved in (0, 5):
            k[..., 37, :] += moved
            v[..., 37, :] += moved
            outputs += run(call, [q, k, v], None, "triton_ir", causal=True)
        same = (outputs[0] == outputs[1]).all(-1)[0, 0]
        assert same[:37].all() and not same[37:].any()
