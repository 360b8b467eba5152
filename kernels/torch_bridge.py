"""Call a kernel on torch tensors, without a copy, and let torch differentiate.

    y = on_tensors(layer_norm, backend="triton")(x, weight, bias)

DLPack hands over the memory itself, both ways; a tensor that is not contiguous
is copied first. What torch and JAX then share must not be written to before the
backward pass: torch's own check of that is kept.

ValueError for what is no tensor, and for a type that no kernel takes.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import torch
from jax import Array
from torch import Tensor
from torch.autograd.function import once_differentiable

from kernels.launch import FLOATS, check
from kernels.softmax import softmax


# --8<-- [start:hand_over]
def to_jax(x: Tensor) -> Array:
    return jax.dlpack.from_dlpack(x.detach().contiguous())


def to_torch(x: Array) -> Tensor:
    return torch.from_dlpack(x)


# --8<-- [end:hand_over]


# --8<-- [start:differentiated]
class Differentiated(torch.autograd.Function):
    """A function of JAX in torch's graph."""

    @staticmethod
    def forward(
        ctx: Any, function: Callable[..., Array], *tensors: Tensor
    ) -> Tensor:
        arrays = map(to_jax, tensors)
        if not any(ctx.needs_input_grad):
            return to_torch(function(*arrays))
        result, ctx.pull = jax.vjp(function, *arrays)
        y = to_torch(result)
        ctx.save_for_backward(*tensors, y)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor):  # type: ignore[override]
        _ = ctx.saved_tensors  # raises if one was written to meanwhile
        gradients = map(to_torch, ctx.pull(to_jax(dy)))
        wanted = ctx.needs_input_grad[1:]
        return None, *(
            gradient if needed else None
            for gradient, needed in zip(gradients, wanted, strict=True)
        )


def on_tensors(
    function: Callable[..., Array], **settings: Any
) -> Callable[..., Tensor]:
    """The function of tensors, with its other arguments settled."""

    def call(*tensors: Tensor) -> Tensor:
        for at, x in enumerate(tensors):
            kind = f"a {type(x).__name__}"
            check(isinstance(x, Tensor), f"tensor {at}", kind, "a tensor")
            dtype = str(x.dtype).removeprefix("torch.")
            known = dtype in FLOATS
            check(known, f"tensor {at}", dtype, " or ".join(FLOATS))
        return Differentiated.apply(partial(function, **settings), *tensors)

    return call


# --8<-- [end:differentiated]


def main() -> None:
    x = torch.randn(4, 300, requires_grad=True)
    y = on_tensors(softmax, backend="interpret")(x)
    y.backward(torch.ones_like(y))
    assert x.grad is not None
    print(f"rows sum to 1: {torch.allclose(y.sum(1), torch.ones(4))}")
    print(f"gradient of a sum of ones: {x.grad.abs().max():.0f}")
    same = to_jax(x).unsafe_buffer_pointer() == x.data_ptr()
    print(f"the same memory in torch and JAX: {same}")


if __name__ == "__main__":
    main()
