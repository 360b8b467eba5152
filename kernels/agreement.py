"""Does a kernel, interpreted on this machine, agree with its formula?

For the ``main`` of each kernel: random inputs, the output and the gradient of
every array, compared with those of the same function's ``reference`` back end.
"""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

LIMIT = 16  # units in the last place of the largest value


def agreement(function: Callable[..., Array], *arrays: Array) -> list[float]:
    """Largest differences in eps: of the output, then of each gradient."""

    def results(*arrays: Array, backend: str) -> list[Array]:
        y, pull = jax.vjp(partial(function, backend=backend), *arrays)
        dy = jnp.cos(jnp.arange(y.size)).reshape(y.shape).astype(y.dtype)
        return [y, *pull(dy)]

    interpreted, formula = (
        jax.jit(partial(results, backend=backend))(*arrays)
        for backend in ("interpret", "reference")
    )
    eps = float(jnp.finfo(arrays[0].dtype).eps)
    return [
        float(np.abs(ours - theirs).max() / np.abs(theirs).max() / eps)
        for ours, theirs in zip(
            map(np.float64, interpreted), map(np.float64, formula), strict=True
        )
    ]


def report(
    function: Callable[..., Array],
    *shapes: tuple[int, ...],
    dtypes: tuple[str, ...] = ("float32", "bfloat16"),
) -> None:
    """The shapes, and for each type whether all agree to ``LIMIT`` eps."""
    print(f"{function.__name__} of {', '.join(map(str, shapes))}")
    for dtype in dtypes:
        random = np.random.default_rng(0)
        arrays = [
            jnp.asarray(random.standard_normal(shape), dtype)
            for shape in shapes
        ]
        y, *gradients = agreement(function, *arrays)
        print(f"  {dtype}: output {said(y)}, gradients {said(max(gradients))}")


def said(error: float) -> str:
    close = error <= LIMIT
    return f"within {LIMIT} eps" if close else f"off by {error:.0f} eps"
