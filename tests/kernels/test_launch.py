"""Back ends, refusals, 64 bits, and gradients of a launched kernel."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental import pallas as pl

from kernels.launch import (
    ELEMENTS,
    check_arrays,
    check_backend,
    check_shape,
    differentiable,
    launch,
)
from kernels.lowering import abstract_gpu, lower_for_cuda, triton_calls
from kernels.tiles import read, row_tile, write
from tests.kernels.subject import subjects


class OnlyAShape:
    """Stands for an array too large to make."""

    def __init__(self, *shape: int) -> None:
        self.shape, self.dtype = shape, jnp.dtype("float32")
        self.size = int(np.prod(shape, dtype=object))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (3.0, "x is a float; it must be an array"),
        (jnp.ones(3, jnp.int8), "x is int8; it must be float32 or bfloat16"),
        (np.ones(3), "x is float64; it must be float32 or"),
        (jnp.ones((0, 3)), r"x is of shape \(0, 3\); it must be non-empty"),
        (
            OnlyAShape(ELEMENTS // 2, 2),
            r"x is of shape \(1073741824, 2\); it must be of less than 2³¹",
        ),
    ],
)
def test_arrays_that_no_kernel_takes(x: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_arrays(x=x)


def test_other_types_are_named_by_who_takes_them() -> None:
    check_arrays(("uint8",), image=jnp.ones(3, jnp.uint8))
    with pytest.raises(ValueError, match="image is float32; it must be uint8"):
        check_arrays(("uint8",), image=jnp.ones(3))


def test_shape_is_named() -> None:
    with pytest.raises(
        ValueError, match=r"w is of shape \(3,\); it must be of shape \(4,\)"
    ):
        check_shape("w", jnp.ones(3), (4,))


def test_triton_needs_a_gpu_that_jax_sees() -> None:
    with pytest.raises(ValueError, match="'triton' while JAX sees only a cpu"):
        check_backend("triton")
    with abstract_gpu():
        check_backend("triton")


def double_kernel(x_ref, y_ref, *, size, by):
    inside = jnp.arange(x_ref.shape[0]) < size
    write(y_ref, read(x_ref, inside) * by, inside)


def double_forward(x, *, by, backend):
    y = launch(
        double_kernel,
        x,
        grid=(1,),
        in_specs=[pl.BlockSpec((8,), lambda i: (0,))],
        out_specs=pl.BlockSpec((8,), lambda i: (0,)),
        out_shape=jax.ShapeDtypeStruct(x.shape, x.dtype),
        settings={"size": len(x), "by": by},
        backend=backend,
    )
    return y, ()


def double_backward(kept, dy, *, by, backend):
    return (double_forward(dy, by=by, backend=backend)[0],)


def test_gradient_is_the_backward_function() -> None:
    run = differentiable(
        double_forward, double_backward, by=2.0, backend="interpret"
    )
    assert run is differentiable(
        double_forward, double_backward, by=2.0, backend="interpret"
    ), "compiled once, not at every call"
    x = jnp.arange(5.0)
    y, pull = jax.vjp(run, x)
    assert np.array_equal(y, 2 * x)
    assert np.array_equal(pull(x)[0], 2 * x)


@pytest.mark.parametrize("name", subjects())
def test_64_bits_stay_out_of_the_kernels(name: str) -> None:
    subject = subjects()[name]
    arrays = subject.arrays(subject.sizes[1], "float32")
    with jax.enable_x64(True):
        y = jax.eval_shape(
            lambda *a: subject.call(*a, backend="interpret"), *arrays
        )

        def both(dy, *arrays):
            value, pull = jax.vjp(subject.call, *arrays)
            return value, pull(dy)

        calls = triton_calls(lower_for_cuda(both, y, *arrays))
    assert len(calls) >= 2
    for call in calls:
        assert "i64" not in call.text()
        assert "f64" not in call.text()


@pytest.mark.parametrize("columns", [1, 3, 64, 1000, 4096, 16384])
@pytest.mark.parametrize("rows", [1, 5, 4096])
def test_tiles_fit_their_warps(rows: int, columns: int) -> None:
    block, lanes, warps = row_tile(rows, columns)
    assert all(n & (n - 1) == 0 for n in (block, lanes, warps))
    assert columns <= lanes < 2 * columns or columns == lanes == 1
    assert block < 2 * rows and block * lanes <= 16384
    assert 1 <= warps <= 16
