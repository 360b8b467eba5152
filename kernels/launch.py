"""Launch a kernel on the back end that was named, or say why it cannot run.

    triton       on the GPU that JAX sees, compiled by Triton
    interpret    the same kernel, program by program, on any machine: slow
    reference    the plain jax.numpy formula, differentiated by JAX itself

A back end is never replaced by another one. Differences between versions of JAX
(0.10.2 to 0.12.0.1 were tried) belong here and in ``kernels.lowering``.

Raises ValueError, before anything is launched, naming the argument, what it
was and what it must be.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import jax
from jax import Array
from jax.experimental import pallas as pl
from jax.experimental.pallas import triton as plt

BACKENDS = ("triton", "interpret", "reference")
FLOATS = ("float32", "bfloat16", "float16")
ELEMENTS = 2**31  # Triton counts them with 32 bits


# --8<-- [start:check]
def check(holds: bool, argument: str, value: object, rule: str) -> None:
    if not holds:
        raise ValueError(f"{argument} is {value}; it must be {rule}")


def check_backend(backend: str) -> None:
    known = backend in BACKENDS
    check(known, "backend", repr(backend), " or ".join(BACKENDS))
    if backend == "triton":
        # An abstract device stands for the card when there is none to ask.
        device = jax.sharding.get_abstract_mesh().abstract_device
        platform = device.platform if device else jax.default_backend()
        check(
            platform == "gpu",
            "backend",
            f"'triton' while JAX sees only a {platform}",
            "'interpret' or 'reference' on this machine",
        )


def check_arrays(dtypes: Sequence[str] = FLOATS, **arrays: Array) -> None:
    """Each is an array of one of the types, not empty and not too large."""
    for name, x in arrays.items():
        kind = type(x).__name__
        check(hasattr(x, "dtype"), name, f"a {kind}", "an array")
        check(str(x.dtype) in dtypes, name, x.dtype, " or ".join(dtypes))
        shape = f"of shape {x.shape}"
        check(x.size > 0, name, shape, "non-empty")
        check(x.size < ELEMENTS, name, shape, "of less than 2³¹ elements")


def check_shape(name: str, x: Array, shape: tuple[int, ...]) -> None:
    given = f"of shape {x.shape}"
    check(x.shape == shape, name, given, f"of shape {shape}")


# --8<-- [end:check]


# --8<-- [start:launch]
def launch(
    kernel: Callable[..., None],
    *arrays: Array,
    backend: str,
    num_warps: int = 4,
    num_stages: int = 2,
    settings: dict[str, Any],
    **where: Any,
) -> Any:
    """``pl.pallas_call`` by way of Triton, or interpreted on the CPU.

    ``where`` is what it takes: ``grid``, ``in_specs``, ``out_specs`` and
    ``out_shape``. ``settings`` are the kernel's own keywords.
    """
    # Without compiler_params JAX 0.10 picks Mosaic and JAX 0.11 Triton.
    call = pl.pallas_call(
        partial(kernel, **settings),
        interpret=backend == "interpret",
        compiler_params=plt.CompilerParams(
            num_warps=num_warps, num_stages=num_stages
        ),
        name=kernel.__name__,
        **where,
    )
    with jax.enable_x64(False):  # or loops and constants would be 64-bit
        return call(*arrays)


# --8<-- [end:launch]


# --8<-- [start:differentiable]
@cache
def differentiable(
    forward: Callable[..., tuple[Any, Any]],
    backward: Callable[..., tuple[Any, ...]],
    **settings: Any,
) -> Callable[..., Any]:
    """A compiled function of arrays whose gradient is ``backward``.

    ``forward(*arrays, **settings)`` returns the output and what to keep;
    ``backward(kept, dy, **settings)`` a gradient for each of the arrays.
    """

    def output(*arrays: Array) -> Any:
        return forward(*arrays, **settings)[0]

    pull = partial(backward, **settings)
    function = jax.custom_vjp(output)
    function.defvjp(partial(forward, **settings), pull)
    return jax.jit(function)


# --8<-- [end:differentiable]
