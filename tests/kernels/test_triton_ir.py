"""The IR's executor sees what interpret mode hides: planted mistakes."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental import pallas as pl
from jax.experimental.pallas import triton as plt

from kernels.lowering import lower_for_cuda, triton_calls
from tests.kernels.running import carried_out_in_numpy
from tests.kernels.triton_ir import execute
from tests.kernels.triton_memory import BadAddress, NeverWritten, WrittenTwice

# 0.10.2 and 0.11.2 do not mask what overhangs an array, 0.12.0.1 does.
MASKS_ITSELF = jax.__version_info__ >= (0, 12)
SIZE = 10  # of arrays, in tiles of 8


def tiled(
    kernel: Callable[..., None], *arrays: Any, size: int = SIZE, grid: int = 2
) -> Any:
    tile = pl.BlockSpec((8,), lambda i: (i,))
    return pl.pallas_call(
        kernel,
        grid=(grid,),
        in_specs=[tile for _ in arrays],
        out_specs=tile,
        out_shape=jax.ShapeDtypeStruct((size,), jnp.float32),
        interpret=True,
        compiler_params=plt.CompilerParams(num_warps=1),
    )(*arrays)


def inside(ref: Any) -> Any:
    return pl.program_id(0) * 8 + jnp.arange(8) < SIZE


def masked(x_ref, y_ref):
    x = plt.load(x_ref, mask=inside(x_ref), other=0)
    plt.store(y_ref, x + 1, mask=inside(x_ref))


def load_not_masked(x_ref, y_ref):
    plt.store(y_ref, x_ref[...] + 1, mask=inside(x_ref))


def store_not_masked(x_ref, y_ref):
    y_ref[...] = plt.load(x_ref, mask=inside(x_ref), other=0) + 1


def stores_everywhere_at_once(x_ref, y_ref):
    x = plt.load(x_ref, mask=inside(x_ref), other=0)
    plt.store(y_ref.at[0 * jnp.arange(8)], x, mask=inside(x_ref))


def forgets_the_first(x_ref, y_ref):
    x = plt.load(x_ref, mask=inside(x_ref), other=0)
    index = pl.program_id(0) * 8 + jnp.arange(8)
    plt.store(y_ref, x, mask=(index > 0) & inside(x_ref))


def stores_to_its_input(x_ref, y_ref):
    x = plt.load(x_ref, mask=inside(x_ref), other=0)
    plt.store(x_ref, x, mask=inside(x_ref))
    plt.store(y_ref, x, mask=inside(x_ref))


def uses_what_is_off(x_ref, y_ref):
    x = plt.load(x_ref, mask=inside(x_ref))
    plt.store(y_ref, x + x.sum(), mask=inside(x_ref))


def test_what_is_right_passes() -> None:
    x = np.arange(SIZE, dtype=np.float32)
    with carried_out_in_numpy():
        assert np.array_equal(tiled(masked, x), x + 1)


@pytest.mark.parametrize(
    ("kernel", "wrong"),
    [
        (stores_everywhere_at_once, WrittenTwice),
        (forgets_the_first, NeverWritten),
        (stores_to_its_input, BadAddress),
    ],
)
def test_planted_mistakes(kernel: Any, wrong: type[Exception]) -> None:
    x = np.arange(SIZE, dtype=np.float32)
    with carried_out_in_numpy(), pytest.raises(wrong):
        tiled(kernel, x)


@pytest.mark.parametrize("kernel", [load_not_masked, store_not_masked])
def test_interpret_mode_hides_a_missing_mask(kernel: Any) -> None:
    """Right there; on a GPU it reads or destroys what lies behind the array."""
    x = np.arange(SIZE, dtype=np.float32)
    assert np.array_equal(tiled(kernel, x), x + 1)
    with carried_out_in_numpy():
        if MASKS_ITSELF:
            assert np.array_equal(tiled(kernel, x), x + 1)
        else:
            with pytest.raises(BadAddress, match=r"of 10 elements at 10"):
                tiled(kernel, x)


def test_lanes_that_are_off_are_nan() -> None:
    x = np.arange(SIZE, dtype=np.float32)
    with carried_out_in_numpy():
        found = tiled(uses_what_is_off, x)
    assert np.isnan(found[8:]).all() and not np.isnan(found[:8]).any()


def test_the_largest_passes_over_nan_as_on_a_gpu() -> None:
    """``tt.reduce`` with ``maxnumf``: interpret mode would give NaN."""
    x = np.float32([1, np.nan, 3, 2, 0, 0, 0, 0])

    def largest(x_ref, y_ref):
        y_ref[...] = x_ref[...] * 0 + x_ref[...].max()

    assert np.isnan(tiled(largest, x, size=8, grid=1)).all()
    with carried_out_in_numpy():
        found = tiled(largest, x, size=8, grid=1)
    assert np.array_equal(found, np.where(np.isnan(x), np.nan, 3), True)


@pytest.mark.parametrize("precise", [False, True])
def test_products_of_float32_are_tf32_unless_asked(precise: bool) -> None:
    random = np.random.default_rng(0)
    a, b = random.standard_normal((2, 16, 16)).astype(np.float32)

    def product(a_ref, b_ref, y_ref):
        how = jax.lax.Precision.HIGHEST if precise else None
        y_ref[...] = jnp.dot(a_ref[...], b_ref[...], precision=how)

    with carried_out_in_numpy():
        found = pl.pallas_call(
            product,
            out_shape=jax.ShapeDtypeStruct((16, 16), jnp.float32),
            interpret=True,
            compiler_params=plt.CompilerParams(),
        )(a, b)
    off = np.abs(found - np.float64(a) @ np.float64(b)).max()
    assert off < 1e-5 if precise else 1e-4 < off < 1e-2


CASES: dict[str, Callable[[Any], Any]] = {
    "exp": jnp.exp,
    "log": lambda x: jnp.log(jnp.abs(x) + 1),
    "tanh": jnp.tanh,
    "sqrt": lambda x: jnp.sqrt(jnp.abs(x)),
    "floor and sign": lambda x: jnp.floor(x) * jnp.sign(x),
    "whole numbers": lambda x: ((10 * x).astype(jnp.int32) // 3 % 4).astype(
        jnp.float32
    ),
    "rounds to zero": lambda x: (
        jax.lax.rem(jax.lax.div((50 * x).astype(jnp.int32), 3), 5)
    ).astype(jnp.float32),
    "bits": lambda x: (
        ((9 * x).astype(jnp.int32) << 2 >> 1 & 6 | 1) ^ 3
    ).astype(jnp.float32),
    "comparisons": lambda x: jnp.where((x > 0) | (x <= -1), x, -x),
    "types": lambda x: (
        x.astype(jnp.bfloat16).astype(jnp.float16).astype(jnp.float32)
    ),
    "uint8": lambda x: (
        jnp.abs(90 * x).astype(jnp.uint8).astype(jnp.float32) * 2
    ),
    "sums and extremes": lambda x: x - x.sum() * x.max() + x.min(),
    "position of the largest": lambda x: x + jnp.argmax(x),
    "running sum": lambda x: jnp.cumsum(x),
    "loop with a condition": lambda x: jax.lax.while_loop(
        lambda s: s[0] < 3, lambda s: (s[0] + 1, s[1] * 2), (jnp.int32(0), x)
    )[1],
    "branch": lambda x: jax.lax.cond(x.sum() > 0, jnp.exp, jnp.negative, x),
}


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_numpy_and_interpret_mode(name: str) -> None:
    x = np.random.default_rng(0).standard_normal(8).astype(np.float32)

    def kernel(x_ref, y_ref):
        y_ref[...] = CASES[name](x_ref[...])

    wanted = tiled(kernel, x, size=8, grid=1)
    with carried_out_in_numpy():
        found = tiled(kernel, x, size=8, grid=1)
    assert np.allclose(found, wanted, rtol=1e-6, atol=1e-6)


def test_an_operation_without_a_rule_says_so() -> None:
    def kernel(x_ref, y_ref):
        y_ref[...] = jax.lax.asinh(x_ref[...])

    x = np.ones(8, np.float32)
    with (
        carried_out_in_numpy(),
        pytest.raises(NotImplementedError, match="__nv_asinhf"),
    ):
        tiled(kernel, x, size=8, grid=1)


def test_programs_in_any_order() -> None:
    x = np.arange(SIZE, dtype=np.float32)
    (call,) = triton_calls(
        lower_for_cuda(lambda x: tiled_for_cuda(masked, x), x)
    )
    shape = [jax.ShapeDtypeStruct((SIZE,), jnp.float32)]
    first, last = (execute(call, [x], shape, reverse=r) for r in (False, True))
    assert np.array_equal(first[0], last[0])


def tiled_for_cuda(kernel: Any, x: Any) -> Any:
    tile = pl.BlockSpec((8,), lambda i: (i,))
    return pl.pallas_call(
        kernel,
        grid=(2,),
        in_specs=[tile],
        out_specs=tile,
        out_shape=jax.ShapeDtypeStruct(x.shape, x.dtype),
        compiler_params=plt.CompilerParams(num_warps=1),
    )(x)
