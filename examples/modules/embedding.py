"""An embedding: rows of a table by index, and its gradient by hand.

    O_ni = 1 if x_n = i else 0        one-hot rows
    Y  = O W           y_n = W[x_n]                        forward
    dW = O^T dY        dW_i = sum of dy_n over x_n = i     backward

The product says what is computed, the lookup computes it: neither O nor a
multiplication is needed in either direction.

Shapes: ids (...), whole numbers; W (v, d); Y (..., d). Raises ValueError
for sizes below 1, a padding_id outside the table, ids that are no whole
numbers or lie outside the table, and a max_norm that is not positive.
"""

from typing import Any

import torch
from torch import Tensor, nn


# --8<-- [start:check]
def check_ids(ids: Tensor, rows: int) -> None:
    if ids.dtype not in (torch.int64, torch.int32):
        raise ValueError(f"ids are {ids.dtype}; must be int64 or int32")
    wrong = ids[(ids < 0) | (ids >= rows)]
    if wrong.numel():
        first = int(wrong[0])
        raise ValueError(f"ids hold {first}; must be from 0 to {rows - 1}")


# --8<-- [end:check]
# --8<-- [start:lookup]
class Lookup(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, weight: Tensor, ids: Tensor, padding_id: int | None
    ) -> Tensor:
        ctx.save_for_backward(ids)
        ctx.rows, ctx.padding_id = len(weight), padding_id
        return weight[ids]  # (v, d), (...) -> (..., d)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Any, ...]:
        (dy,) = grad_outputs  # (..., d)
        (ids,) = ctx.saved_tensors
        dweight = dy.new_zeros(ctx.rows, dy.shape[-1])
        # not dweight[ids] += dy, which keeps one of the repeats
        dweight.index_add_(0, ids.flatten(), dy.reshape(-1, dy.shape[-1]))
        if ctx.padding_id is not None:
            dweight[ctx.padding_id] = 0
        return dweight, None, None


# --8<-- [end:lookup]
# --8<-- [start:embedding]
class Embedding(nn.Module):
    def __init__(
        self, rows: int, features: int, padding_id: int | None = None
    ) -> None:
        super().__init__()
        for name, size in (("rows", rows), ("features", features)):
            if size < 1:
                raise ValueError(f"{name} is {size}; it must be positive")
        if padding_id is not None and not 0 <= padding_id < rows:
            raise ValueError(
                f"padding_id is {padding_id}; must be from 0 to {rows - 1}"
            )
        self.weight = nn.Parameter(torch.randn(rows, features))
        self.padding_id = padding_id
        if padding_id is not None:
            self.weight.data[padding_id] = 0  # once; nothing keeps it there

    def forward(self, ids: Tensor) -> Tensor:  # (...) -> (..., d)
        check_ids(ids, len(self.weight))
        return Lookup.apply(self.weight, ids, self.padding_id)


# --8<-- [end:embedding]
# --8<-- [start:sparse]
class SparseLookup(Lookup):
    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Any, ...]:
        (dy,) = grad_outputs
        (ids,) = ctx.saved_tensors
        ids, dy = ids.flatten(), dy.reshape(-1, dy.shape[-1])
        if ctx.padding_id is not None:
            kept = ids != ctx.padding_id
            ids, dy = ids[kept], dy[kept]
        size = (ctx.rows, dy.shape[-1])
        dweight = torch.sparse_coo_tensor(
            ids[None], dy, size, check_invariants=True
        )
        return dweight, None, None


class SparseEmbedding(Embedding):
    def forward(self, ids: Tensor) -> Tensor:  # (...) -> (..., d)
        check_ids(ids, len(self.weight))
        return SparseLookup.apply(self.weight, ids, self.padding_id)


# --8<-- [end:sparse]
# --8<-- [start:max_norm]
class MaxNormEmbedding(Embedding):
    def __init__(self, rows: int, features: int, max_norm: float) -> None:
        super().__init__(rows, features)
        if not max_norm > 0:
            raise ValueError(f"max_norm is {max_norm}; must be positive")
        self.max_norm = max_norm

    def forward(self, ids: Tensor) -> Tensor:  # (...) -> (..., d)
        check_ids(ids, len(self.weight))
        with torch.no_grad():  # a projection of the table, not a layer
            seen = ids.unique()
            norms = self.weight[seen].norm(dim=1, keepdim=True)
            shrink = self.max_norm / (norms + 1e-7)
            scale = torch.where(norms > self.max_norm, shrink, 1.0)
            self.weight[seen] *= scale
        return super().forward(ids)


# --8<-- [end:max_norm]
# --8<-- [start:one_hot]
def one_hot(ids: Tensor, rows: int) -> Tensor:
    """O (n, v) of ids (n,): one 1 a row."""
    check_ids(ids, rows)
    hit = ids[:, None] == torch.arange(rows)
    return hit.to(torch.get_default_dtype())


# --8<-- [end:one_hot]
# --8<-- [start:demo]
def main() -> None:
    torch.manual_seed(0)
    ids, table = torch.tensor([2, 0, 2, 5]), Embedding(6, 3)
    y = table(ids)
    same = torch.equal(y, one_hot(ids, 6) @ table.weight)
    print("lookup equals the product with the one-hot matrix:", same)
    (dw,) = torch.autograd.grad(y.sum(), table.weight)  # dY is all ones
    print("dW, first column:", dw[:, 0].int().tolist())
    print("\n1024 tokens    size of W    size of O   GFLOP of O W   copied")
    for name, v in (("BERT-base", 30522), ("GPT-2 small", 50257)):
        flops, copied = 2 * 1024 * v * 768 / 1e9, 1024 * 768
        print(f"{name:<12}{v * 768:>12,}{1024 * v:>13,}", end="")
        print(f"{flops:>12.0f}{copied:>12,}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
