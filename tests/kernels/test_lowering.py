"""Lowering for a card that is not there, and the one warning it may give."""

import warnings
from functools import partial

import jax
import jax.numpy as jnp
import pytest

from kernels.lowering import (
    DEPRECATION,
    expected_deprecation,
    lower_for_cuda,
    triton_calls,
)
from kernels.softmax import softmax
from tests.kernels.subject import subjects

WARNS = jax.__version_info__ >= (0, 11)


def test_what_a_launch_is() -> None:
    x = jax.ShapeDtypeStruct((10, 1000), jnp.float32)
    (call,) = triton_calls(lower_for_cuda(softmax, x))
    assert (call.name, call.grid) == ("softmax_kernel", (3, 1, 1))
    assert (call.num_warps, call.num_stages) == (8, 2)
    assert "tt.func public @softmax_kernel" in call.text()


def test_a_function_without_kernels_has_none() -> None:
    lowered = lower_for_cuda(jnp.sin, jax.ShapeDtypeStruct((3,), jnp.float32))
    assert triton_calls(lowered) == []


@pytest.mark.parametrize("name", subjects())
def test_lowers_at_every_benchmark(name: str) -> None:
    subject = subjects()[name]
    for benchmark in subject.benchmarks:
        arrays = [
            jax.ShapeDtypeStruct(shape, jnp.dtype(benchmark.dtype))
            for shape in subject.shapes(benchmark.size)
        ]
        call = partial(subject.call, **benchmark.settings)
        lowered = lower_for_cuda(call, *arrays)
        assert triton_calls(lowered)


def test_only_the_expected_warning_is_taken() -> None:
    def warn_twice() -> list[str]:
        with expected_deprecation() as taken:
            warnings.warn(DEPRECATION, DeprecationWarning, stacklevel=1)
            warnings.warn("something else", DeprecationWarning, stacklevel=1)
        return taken

    with pytest.warns(DeprecationWarning, match="something else") as others:
        taken = warn_twice()
    assert taken == [DEPRECATION] and len(others) == 1


def test_the_warning_is_still_what_jax_says() -> None:
    """One for each kernel since 0.11, none before: told when that changes."""
    x = jax.ShapeDtypeStruct((5, 77), jnp.float32)
    with expected_deprecation() as taken:
        # as lower_for_cuda does, whose own filter would take it
        from kernels.lowering import abstract_gpu

        with abstract_gpu():
            traced = jax.jit(softmax).trace(x)
            traced.lower(lowering_platforms=("cuda",))
    assert len(taken) == (1 if WARNS else 0)
