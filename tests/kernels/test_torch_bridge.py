"""The bridge between torch and JAX: no copies, and torch's own gradients."""

import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch.nn import functional

from kernels import torch_bridge as shipped
from kernels.layer_norm import layer_norm
from kernels.softmax import softmax
from kernels.torch_bridge import on_tensors, to_jax, to_torch
from tests.mutants import mutate

here = {"backend": "interpret"}


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_memory_is_handed_over(dtype: str) -> None:
    x = torch.randn(5, 7).to(getattr(torch, dtype))
    array = to_jax(x)
    assert array.unsafe_buffer_pointer() == x.data_ptr()
    assert str(array.dtype) == dtype
    made = jnp.arange(12.0).astype(dtype).reshape(3, 4)
    tensor = to_torch(made)
    assert tensor.data_ptr() == made.unsafe_buffer_pointer()
    assert tensor.dtype == getattr(torch, dtype) and tensor.shape == (3, 4)


def test_strides_are_respected() -> None:
    x = torch.randn(6, 8).t()[::2]
    assert np.array_equal(np.asarray(to_jax(x)), x.numpy())


def gap(call) -> float:
    """Of output and gradients, between a layer norm by ours and by torch."""
    torch.manual_seed(0)
    inputs = [torch.randn(*shape) for shape in ((3, 5, 40), (40,), (40,))]
    ours = [x.clone().requires_grad_() for x in inputs]
    theirs = [x.double().requires_grad_() for x in inputs]
    y = call(*ours)
    exact = functional.layer_norm(theirs[0], (40,), *theirs[1:])
    dy = torch.randn(3, 5, 40)
    found = [y.detach(), *torch.autograd.grad(y, ours, dy)]
    gradients = torch.autograd.grad(exact, theirs, dy.double())
    wanted = [exact.detach(), *gradients]
    return max(
        float((a.double() - b).abs().max())
        for a, b in zip(found, wanted, strict=True)
    )


def test_output_and_gradients_are_those_of_torch() -> None:
    assert gap(on_tensors(layer_norm, **here)) < 1e-5


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("**settings), *tensors)", "eps=1e-2, **settings), *tensors)"),
        ("ctx.pull(to_jax(dy))", "ctx.pull(to_jax(2 * dy))"),
        ("ctx.pull(to_jax(dy))", "reversed(ctx.pull(to_jax(dy)))"),
        ("ctx.needs_input_grad[1:]", "ctx.needs_input_grad[:-1]"),
    ],
)
def test_the_comparison_catches(old: str, new: str) -> None:
    mutant = mutate(shipped, old, new)
    try:
        assert gap(mutant.on_tensors(layer_norm, **here)) > 1e-4
    except RuntimeError:  # a gradient of the wrong shape, or none
        return


def test_only_what_needs_a_gradient_has_one() -> None:
    x = torch.randn(4, 40, requires_grad=True)
    weight, bias = torch.ones(40), torch.zeros(40, requires_grad=True)
    on_tensors(layer_norm, **here)(x, weight, bias).sum().backward()
    assert x.grad is not None and bias.grad is not None
    assert weight.grad is None
    with torch.no_grad():
        assert not on_tensors(softmax, **here)(x).requires_grad


@pytest.mark.parametrize("which", ["input", "output"])
def test_writing_to_shared_memory_is_refused(which: str) -> None:
    """Softmax keeps its output for the backward pass; torch may not change it."""
    leaf = torch.randn(4, 40, requires_grad=True)
    x = leaf * 1
    y = on_tensors(softmax, **here)(x)
    with torch.no_grad():
        (x if which == "input" else y).mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_twice_is_refused() -> None:
    x = torch.randn(2, 8, requires_grad=True)
    y = on_tensors(softmax, **here)(x)
    (once,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        once.sum().backward()


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.ones(3, np.float32), "tensor 0 is a ndarray; it must be a tensor"),
        (torch.ones(3).double(), "tensor 0 is float64; it must be float32 or"),
        (torch.ones(3, dtype=torch.int64), "tensor 0 is int64; it must be"),
    ],
)
def test_refuses(x: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        on_tensors(softmax, **here)(x)
