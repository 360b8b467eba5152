"""A kernel's function and its gradient, run in one of three ways.

``interpret`` is Pallas' own; ``reference`` the formula; ``triton_ir`` lowers
every launch for CUDA and carries out the IR in numpy (``triton_ir.py``).
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import jax
import numpy as np
from jax.experimental import pallas as pl

from kernels.lowering import lower_for_cuda, triton_calls
from tests.kernels import triton_ir

WAYS = ("triton_ir", "interpret", "reference")


@contextlib.contextmanager
def carried_out_in_numpy(reverse: bool = False) -> Iterator[None]:
    """Inside, ``pl.pallas_call`` runs the Triton IR of the kernel at once."""
    original = pl.pallas_call

    def pallas_call(kernel: Any, *, out_shape: Any, **how: Any) -> Any:
        how.pop("interpret")
        call = original(kernel, out_shape=out_shape, **how)

        def run(*arrays: Any) -> Any:
            with jax.disable_jit(False):
                (lowered,) = triton_calls(lower_for_cuda(call, *arrays))
            leaves, tree = jax.tree.flatten(out_shape)
            made = triton_ir.execute(lowered, arrays, leaves, reverse)
            return jax.tree.unflatten(tree, made)

        return run

    pl.pallas_call = pallas_call
    try:
        with jax.disable_jit():
            yield
    finally:
        pl.pallas_call = original


def run(
    call: Callable[..., Any],
    arrays: Sequence[np.ndarray],
    dy: np.ndarray | None,
    way: str,
    **settings: Any,
) -> list[np.ndarray]:
    """The output and, for an upstream gradient, that of every array."""
    backend = "reference" if way == "reference" else "interpret"
    function = partial(call, backend=backend, **settings)

    def everything(*arrays: Any) -> Any:
        if dy is None:
            return [function(*arrays)]
        y, pull = jax.vjp(function, *arrays)
        return [y, *pull(jax.numpy.asarray(dy))]

    # not jnp.asarray: strides stay what they are until the kernel's own call
    if way.startswith("triton_ir"):
        with carried_out_in_numpy(reverse=way == "triton_ir, last first"):
            made = everything(*arrays)
    else:
        made = jax.jit(everything)(*arrays)
    return [np.asarray(x) for x in made]
