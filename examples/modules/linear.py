"""A linear layer, its backward pass by hand, and its 1 × 1 convolution.

    y = x W^T + b            y_ni = sum_j x_nj W_ij + b_i
    dx = dy W,   dW = dy^T x,   db = sum_n dy_n

Three matrix products of one size: forward, and two on the way back.

Shapes: x (..., d), W (k, d), b (k,), y (..., k). All leading axes are rows
n of one matrix. Cost: 2 k d FLOPs a row, one multiplication and one
addition a weight. Raises ValueError for sizes that do not fit.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn


# --8<-- [start:affine]
class AffineMap(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None
    ) -> Tensor:
        ctx.save_for_backward(x, weight)
        y = x @ weight.T  # (..., d) -> (..., k)
        return y if bias is None else y + bias

    @staticmethod
    def backward(
        ctx: Any, *grad_outputs: Tensor
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        (dy,) = grad_outputs
        x, weight = ctx.saved_tensors
        dx = dy @ weight  # (..., k) (k, d)
        rows = dy.reshape(-1, dy.shape[-1])  # (n, k): rows that share W
        dweight = rows.T @ x.reshape(-1, x.shape[-1])  # (k, n) (n, d)
        dbias = rows.sum(dim=0) if ctx.needs_input_grad[2] else None
        return dx, dweight, dbias


# --8<-- [end:affine]
# --8<-- [start:layer]
class Linear(nn.Module):
    def __init__(
        self, in_features: int, out_features: int, bias: bool = True
    ) -> None:
        super().__init__()
        for name, size in (
            ("in_features", in_features),
            ("out_features", out_features),
        ):
            if size < 1:
                raise ValueError(f"{name} is {size}; it must be positive")
        bound = 1 / math.sqrt(in_features)  # as torch does by default
        weight = torch.empty(out_features, in_features)
        self.weight = nn.Parameter(weight.uniform_(-bound, bound))
        self.bias = None
        if bias:
            offset = torch.empty(out_features).uniform_(-bound, bound)
            self.bias = nn.Parameter(offset)

    def forward(self, x: Tensor) -> Tensor:  # (..., d) -> (..., k)
        d = self.weight.shape[1]
        if x.dim() < 1 or x.shape[-1] != d:
            raise ValueError(f"x is {tuple(x.shape)}; must be (..., {d})")
        return AffineMap.apply(x, self.weight, self.bias)


# --8<-- [end:layer]
# --8<-- [start:convolution]
class Pointwise(Linear):
    """One linear layer for every pixel: a 1 × 1 convolution."""

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w) -> (b, k, h, w)
        c = self.weight.shape[1]
        if x.dim() != 4 or x.shape[1] != c:
            raise ValueError(f"x is {tuple(x.shape)}, not (b, {c}, h, w)")
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)


class FlattenLinear(Linear):
    """Flatten, then a linear layer: a convolution as large as the map."""

    def __init__(self, c: int, h: int, w: int, out_features: int) -> None:
        super().__init__(c * h * w, out_features)
        self.size = (c, h, w)

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w) -> (b, k)
        if x.dim() != 4 or x.shape[1:] != self.size:
            raise ValueError(f"x is {tuple(x.shape)}; not (b, {self.size})")
        return super().forward(x.flatten(1))

    def kernel(self) -> Tensor:  # (k, c, h, w), the same numbers
        return self.weight.unflatten(1, self.size)


# --8<-- [end:convolution]
# --8<-- [start:count]
def parameters(d: int, k: int, bias: bool = True) -> int:
    return k * d + (k if bias else 0)


def flops(rows: int, d: int, k: int, backward: bool = False) -> int:
    """Of the matrix products; the bias adds rows * k, under 1 in 2 d."""
    if min(rows, d, k) < 1:
        raise ValueError(f"rows, d, k are {rows}, {d}, {k}; must be > 0")
    return 2 * rows * d * k * (3 if backward else 1)


# --8<-- [end:count]
# --8<-- [start:demo]
def main() -> None:
    from_to = {
        "digits to 100 units": (1, 64, 100),
        "VGG-16, first of three": (1, 512 * 7 * 7, 4096),
        "MLP of ViT-B, up": (197, 768, 3072),
        "GPT-2 logits, 1024 tokens": (1024, 768, 50257),
    }
    print(" " * 30 + "parameters        FLOPs    a weight")
    for name, (rows, d, k) in from_to.items():
        cost, size = flops(rows, d, k), parameters(d, k, bias=False)
        print(f"{name:<26} {size:>13,} {cost:>14,} {cost // size:>7,}")
    torch.manual_seed(0)
    head = FlattenLinear(3, 4, 4, out_features=5)
    large = torch.randn(1, 3, 6, 6)
    slid = nn.functional.conv2d(large, head.kernel(), head.bias)
    corner = head(large[:, :, :4, :4])
    same = torch.allclose(slid[:, :, 0, 0], corner, atol=1e-6)
    print(f"\n6 × 6 map, head for 4 × 4: {tuple(slid.shape)}, same: {same}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
