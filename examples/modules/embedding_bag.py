"""Bags of ids: sums and means of rows are a product with a count matrix.

    C_bi = how often id i stands in bag b
    sum   Y = C W                     mean   Y = diag(1 / C 1) C W

The ids of all bags stand in one row, and offsets say where each bag begins.
One-hot rows are bags of one id. Padding counts nowhere; an empty bag gives
zeros.

Shapes: ids (n,), offsets (b,), weights (n,), W (v, d), Y (b, d). Raises
ValueError for offsets that do not rise from 0 to at most n, for weights
that are not (n,), and for what Embedding refuses.
"""

import torch
from torch import Tensor, nn

from examples.modules.embedding import Embedding, check_ids


def bag_numbers(offsets: Tensor, n: int) -> Tensor:
    """(b,) -> (n,): the bag of each id."""
    good = offsets.dim() == 1 and len(offsets) > 0 and offsets[0] == 0
    if not good or offsets.diff().lt(0).any() or offsets[-1] > n:
        given = offsets.tolist()
        raise ValueError(f"offsets are {given}; must rise from 0 to {n}")
    return torch.searchsorted(offsets, torch.arange(n), right=True) - 1


# --8<-- [start:bags]
class SumBag(nn.Module):
    def __init__(
        self, rows: int, features: int, padding_id: int | None = None
    ) -> None:
        super().__init__()
        self.table = Embedding(rows, features, padding_id)

    def real(self, ids: Tensor) -> Tensor:  # 1, or 0 for padding
        padding = self.table.padding_id
        ones = self.table.weight.new_ones(ids.shape)
        return ones if padding is None else ones * (ids != padding)

    def forward(
        self, ids: Tensor, offsets: Tensor, weights: Tensor | None = None
    ) -> Tensor:  # (n,), (b,), (n,) -> (b, d)
        factors = self.real(ids)
        if weights is not None:
            if weights.shape != ids.shape:
                shape = tuple(weights.shape)
                raise ValueError(f"weights are {shape}; not ({len(ids)},)")
            factors = factors * weights
        rows = self.table(ids) * factors[:, None]  # (n, d)
        sums = rows.new_zeros(len(offsets), rows.shape[1])
        return sums.index_add(0, bag_numbers(offsets, len(ids)), rows)


class MeanBag(SumBag):
    def forward(
        self, ids: Tensor, offsets: Tensor, weights: Tensor | None = None
    ) -> Tensor:
        if weights is not None:
            raise ValueError("weights must be None: a mean has its own")
        bag, real = bag_numbers(offsets, len(ids)), self.real(ids)
        counts = real.new_zeros(len(offsets)).index_add(0, bag, real)
        share = 1 / counts.clamp(min=1)  # an empty bag stays at zero
        return super().forward(ids, offsets, share[bag])


# --8<-- [end:bags]
# --8<-- [start:counts]
def count_matrix(ids: Tensor, offsets: Tensor, rows: int) -> Tensor:
    """C (b, v)."""
    check_ids(ids, rows)
    place = (bag_numbers(offsets, len(ids)), ids)
    counts = torch.zeros(len(offsets), rows)
    return counts.index_put_(place, torch.ones(len(ids)), accumulate=True)


# --8<-- [end:counts]
# --8<-- [start:demo]
def main() -> None:
    torch.manual_seed(0)
    ids = torch.tensor([4, 1, 1, 4, 0, 2])
    offsets = torch.tensor([0, 3, 3])  # (4, 1, 1), (), (4, 0, 2)
    counts = count_matrix(ids, offsets, rows=5)
    bags = SumBag(5, 3), MeanBag(5, 3)
    print("C:", *(str(row.int().tolist()) for row in counts))
    y = bags[0](ids, offsets)
    product = counts @ bags[0].table.weight
    print("sums are C W:", torch.allclose(y, product, atol=1e-6))
    share = counts / counts.sum(1, keepdim=True).clamp(min=1)
    product = share @ bags[1].table.weight
    y = bags[1](ids, offsets)
    print("means are C W over the counts:", torch.allclose(y, product))


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
