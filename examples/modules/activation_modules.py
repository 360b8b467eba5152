"""Activations as layers whose backward pass is the derivative by hand.

    y = f(x)               dx = dy * f'(x)
    y = a * s(b)           (da, db) = (dy * s(b), dy * a * s'(b))

The second line is GLU, arxiv.org/abs/1612.08083: x is cut in two halves and
one opens the gate for the other. Autograd never sees the formulas; what it
returns is what is written here.

Shapes: any; GLU halves the axis dim. Raises ValueError for input that is
not floating point and for an axis that cannot be halved.
"""

from typing import Any

import torch
from torch import Tensor, nn

from examples.modules.activation import Curve, sigmoid, sigmoid_slope


# --8<-- [start:by_hand]
class ByHand(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, value: Curve, slope: Curve) -> Tensor:
        ctx.save_for_backward(x)
        ctx.slope = slope
        return value(x)

    @staticmethod
    def backward(
        ctx: Any,
        *grad_outputs: Tensor,
    ) -> tuple[Tensor, None, None]:
        (dy,) = grad_outputs
        (x,) = ctx.saved_tensors
        return dy * ctx.slope(x), None, None


class Activation(nn.Module):
    def __init__(self, value: Curve, slope: Curve) -> None:
        super().__init__()
        self.value, self.slope = value, slope

    def forward(self, x: Tensor) -> Tensor:
        if not x.is_floating_point():
            raise ValueError(f"x is {x.dtype}; it must be floating point")
        return ByHand.apply(x, self.value, self.slope)


# --8<-- [end:by_hand]
# --8<-- [start:glu]
def halves(x: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    if not -x.dim() <= dim < x.dim() or x.shape[dim] % 2:
        raise ValueError(
            f"x is {tuple(x.shape)}; dim = {dim} must exist and be even"
        )
    a, b = x.chunk(2, dim)
    return a, b


class Gate(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        ctx.save_for_backward(a, b)
        return a * sigmoid(b)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, Tensor]:
        (dy,) = grad_outputs
        a, b = ctx.saved_tensors
        return dy * sigmoid(b), dy * a * sigmoid_slope(b)


class GLU(nn.Module):
    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:  # (..., 2d) -> (..., d)
        return Gate.apply(*halves(x, self.dim))


# --8<-- [end:glu]
