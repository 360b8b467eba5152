"""Tables and bags against torch: values, gradients, and what they refuse."""

from collections.abc import Callable
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.modules import embedding, embedding_bag
from examples.modules.embedding import (
    Embedding,
    MaxNormEmbedding,
    SparseEmbedding,
    check_ids,
    one_hot,
)
from examples.modules.embedding_bag import MeanBag, SumBag, count_matrix
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap, randomize

pytestmark = pytest.mark.usefixtures("float64")
V, D = 7, 4
SHAPES = ((), (1,), (9,), (0,), (3, 5), (2, 3, 4))


def ids_of(shape: tuple[int, ...], rows: int = V) -> Tensor:
    random = torch.Generator().manual_seed(len(shape))
    return torch.randint(rows, shape, generator=random)


def worst(found: list[dict[str, float]]) -> dict[str, float]:
    return {k: max(f[k] for f in found) for k in ("forward", "gradient")}


def as_embedding(m: ModuleType) -> dict[str, float]:
    found = []
    for shape in SHAPES:
        for padding in (None, 0, 3, V - 1):
            for dtype in (torch.int64, torch.int32):
                ours = m.Embedding(V, D, padding)
                randomize(ours)  # the padding row too: it is not zero
                theirs = ours.weight.detach().clone().requires_grad_()

                def reference(
                    ids: Tensor, w: Tensor = theirs, p: int | None = padding
                ) -> Tensor:
                    return F.embedding(ids, w, p)

                found.append(
                    differences(
                        ours,
                        reference,
                        [ids_of(shape).to(dtype)],
                        [(ours.weight, theirs)],
                    )
                )
    return worst(found)


def as_sparse(m: ModuleType) -> dict[str, float]:
    """Sparse gradients entry by entry, repeats apart as torch keeps them."""
    found = []
    for shape in SHAPES[1:]:
        for padding in (None, 3):
            ours = m.SparseEmbedding(V, D, padding)
            randomize(ours)
            theirs = ours.weight.detach().clone().requires_grad_()
            ids = ids_of(shape)
            y, z = ours(ids), F.embedding(ids, theirs, padding, sparse=True)
            dy = torch.randn(y.shape)
            (a,) = torch.autograd.grad(y, ours.weight, dy)
            (b,) = torch.autograd.grad(z, theirs, dy)
            gradient = float("inf")
            if a._indices().equal(b._indices()):
                gradient = gap(a._values(), b._values())
            found.append({"forward": gap(y, z), "gradient": gradient})
    return worst(found)


def as_max_norm(m: ModuleType) -> dict[str, float]:
    """Outputs, gradients and the rewritten table."""
    found = []
    for shape in SHAPES:
        for limit in (0.3, 1.0, 1.7):
            ours = m.MaxNormEmbedding(V, D, limit)
            randomize(ours)
            theirs = ours.weight.detach().clone().requires_grad_()

            def reference(
                ids: Tensor, w: Tensor = theirs, n: float = limit
            ) -> Tensor:
                return F.embedding(ids, w, max_norm=n)

            pairs = [(ours.weight, theirs)]
            found.append(differences(ours, reference, [ids_of(shape)], pairs))
            rewritten = gap(ours.weight, theirs)
            found.append({"forward": rewritten, "gradient": 0.0})
    return worst(found)


BAGS = (  # numbers of ids, offsets
    (8, [0, 3, 5]),
    (8, [0, 0, 3, 3, 8]),  # empty at the start, in the middle, at the end
    (1, [0]),
    (0, [0, 0]),
    (5, [0, 1, 2, 3, 4]),
)


def as_bags(m: ModuleType, mode: str, weighted: bool) -> dict[str, float]:
    found = []
    for n, starts in BAGS:
        for padding in (None, 0, 2):
            ours = (m.SumBag if mode == "sum" else m.MeanBag)(V, D, padding)
            randomize(ours)
            theirs = ours.table.weight.detach().clone().requires_grad_()
            ids, offsets = ids_of((n,), 4), torch.tensor(starts)
            inputs = [ids, offsets] + ([torch.randn(n)] if weighted else [])

            def reference(
                ids: Tensor,
                offsets: Tensor,
                weights: Tensor | None = None,
                w: Tensor = theirs,
                p: int | None = padding,
            ) -> Tensor:
                return F.embedding_bag(
                    ids,
                    w,
                    offsets,
                    mode=mode,
                    per_sample_weights=weights,
                    padding_idx=p,
                )

            pairs = [(ours.table.weight, theirs)]
            found.append(differences(ours, reference, inputs, pairs))
    return worst(found)


def as_linear(m: ModuleType) -> dict[str, float]:
    ours, ids = m.Embedding(V, D), ids_of((9,))
    randomize(ours)
    weight = ours.weight.detach().T.clone().requires_grad_()
    rows = F.one_hot(ids, V).double()
    a, b, dy = ours(ids), F.linear(rows, weight), torch.randn(9, D)
    (da,) = torch.autograd.grad(a, ours.weight, dy)
    (db,) = torch.autograd.grad(b, weight, dy)
    forward = max(gap(a, b), gap(m.one_hot(ids, V), rows))
    return {"forward": forward, "gradient": gap(da, db.T)}


CASES = {
    "Embedding": (
        embedding,
        as_embedding,
        "torch.nn.functional.embedding",
        "6 shapes of ids, 4 padding ids",
    ),
    "Embedding, one-hot": (
        embedding,
        as_linear,
        "torch.nn.functional.linear",
        "of one-hot rows, weight transposed",
    ),
    "SparseEmbedding": (
        embedding,
        as_sparse,
        "torch.nn.functional.embedding",
        "sparse gradient, entry by entry",
    ),
    "MaxNormEmbedding": (
        embedding,
        as_max_norm,
        "torch.nn.functional.embedding",
        "3 limits, and the rewritten table",
    ),
    "SumBag": (
        embedding_bag,
        lambda m: as_bags(m, "sum", weighted=False),
        "torch.nn.functional.embedding_bag",
        "5 sets of bags, 3 padding ids",
    ),
    "SumBag, weighted": (
        embedding_bag,
        lambda m: as_bags(m, "sum", weighted=True),
        "torch.nn.functional.embedding_bag",
        "weights of ids, with their gradient",
    ),
    "MeanBag": (
        embedding_bag,
        lambda m: as_bags(m, "mean", weighted=False),
        "torch.nn.functional.embedding_bag",
        "5 sets of bags, 3 padding ids",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_equals_torch(name: str, proof: Callable[..., None]) -> None:
    module, measure, reference, case = CASES[name]
    measured = measure(module)
    assert max(measured.values()) < TOLERANCE
    proof(
        ours=name.partition(",")[0],
        reference=reference,
        case=case,
        kind="layer",
        **measured,
    )


ADD = "dweight.index_add_(0, ids.flatten(), dy.reshape(-1, dy.shape[-1]))"
MUTANTS = {
    "repeats overwrite": (
        "Embedding",
        ADD,
        "dweight[ids.flatten()] = dy.reshape(-1, dy.shape[-1])",
    ),
    "repeats are lost": (
        "Embedding",
        ADD,
        "dweight[ids.flatten()] += dy.reshape(-1, dy.shape[-1])",
    ),
    "repeats averaged": (
        "Embedding",
        ADD,
        ADD + "\n        dweight /= ids.flatten().bincount("
        "minlength=ctx.rows).clamp(min=1)[:, None]",
    ),
    "gradient averaged over the ids": (
        "Embedding",
        "dy.reshape(-1, dy.shape[-1]))\n        if",
        "dy.reshape(-1, dy.shape[-1]) / max(ids.numel(), 1))\n        if",
    ),
    "gradient starts at one": ("Embedding", "dy.new_zeros", "dy.new_ones"),
    "padding learns": (
        "Embedding",
        "dweight[ctx.padding_id] = 0",
        "pass",
    ),
    "only padding learns": (
        "Embedding",
        "dweight[ctx.padding_id] = 0",
        "dweight[torch.arange(ctx.rows) != ctx.padding_id] = 0",
    ),
    "padding 0 taken for no padding": (
        "Embedding",
        "if ctx.padding_id is not None:\n            dweight",
        "if ctx.padding_id:\n            dweight",
    ),
    "padding reads as zero": (
        "Embedding",
        "return weight[ids]",
        "p = -1 if padding_id is None else padding_id\n"
        "        return weight[ids] * (ids != p)[..., None]",
    ),
    "rows times √d": (
        "Embedding",
        "return weight[ids]",
        "return weight[ids] * weight.shape[1] ** 0.5",
    ),
    "the next row": ("Embedding", "weight[ids]", "weight[(ids + 1) % 7]"),
    "one-hot shifted": (
        "Embedding, one-hot",
        "torch.arange(rows)",
        "torch.arange(rows).flip(0)",
    ),
    "sparse padding kept": (
        "SparseEmbedding",
        "ids, dy = ids[kept], dy[kept]",
        "pass",
    ),
    "sparse padding alone kept": (
        "SparseEmbedding",
        "kept = ids != ctx.padding_id",
        "kept = ids == ctx.padding_id",
    ),
    "sparse values of other ids": (
        "SparseEmbedding",
        "ids[None], dy, size",
        "ids[None], dy.flip(0), size",
    ),
    "max norm without eps": ("MaxNormEmbedding", "(norms + 1e-7)", "norms"),
    "short rows made longer": (
        "MaxNormEmbedding",
        "torch.where(norms > self.max_norm, shrink, 1.0)",
        "shrink",
    ),
    "rows that nobody asked for": (
        "MaxNormEmbedding",
        "seen = ids.unique()",
        "seen = torch.arange(len(self.weight))",
    ),
    "norm of columns": ("MaxNormEmbedding", "norm(dim=1,", "norm(dim=0,"),
    "largest entry as norm": (
        "MaxNormEmbedding",
        "norm(dim=1,",
        "norm(p=float('inf'), dim=1,",
    ),
    "first id of a bag to the one before": (
        "SumBag",
        "torch.searchsorted(offsets, torch.arange(n), right=True) - 1",
        "(torch.searchsorted(offsets, torch.arange(n)) - 1).clamp(min=0)",
    ),
    "padding in the sum": (
        "SumBag",
        "ones * (ids != padding)",
        "ones",
    ),
    "weights ignored": (
        "SumBag, weighted",
        "factors = factors * weights",
        "factors = factors + 0 * weights",
    ),
    "weights of padding count": (
        "SumBag, weighted",
        "factors = factors * weights",
        "factors = weights",
    ),
    "empty bags divide by zero": ("MeanBag", "counts.clamp(min=1)", "counts"),
    "mean counts padding": (
        "MeanBag",
        "index_add(0, bag, real)",
        "index_add(0, bag, torch.ones_like(real))",
    ),
    "mean over all ids": (
        "MeanBag",
        "share = 1 / counts.clamp(min=1)",
        "share = torch.ones_like(counts) / max(len(ids), 1)",
    ),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_parity_notices_the_mutant(mutation: str) -> None:
    name, old, new = MUTANTS[mutation]
    module, measure, *_ = CASES[name]
    measured = measure(mutate(module, old, new))
    assert not max(measured.values()) < TOLERANCE


def test_gradient_by_a_loop() -> None:
    table, ids = Embedding(V, D), ids_of((20,))
    dy = torch.randn(20, D)
    (dw,) = torch.autograd.grad(table(ids), table.weight, dy)
    by_hand = torch.zeros(V, D)
    for n, i in enumerate(ids.tolist()):
        by_hand[i] += dy[n]
    assert gap(dw, by_hand) < TOLERANCE
    untouched = [i for i in range(V) if i not in ids.tolist()]
    assert not dw[untouched].any()


def test_only_rows_in_the_batch_have_a_gradient() -> None:
    table = Embedding(50, D)
    ids = torch.tensor([3, 3, 17, 4])
    (dw,) = torch.autograd.grad(table(ids).square().sum(), table.weight)
    assert dw.any(1).nonzero().flatten().tolist() == [3, 4, 17]


def test_padding_starts_at_zero_and_may_leave_it() -> None:
    table = Embedding(V, D, padding_id=2)
    assert not table.weight[2].any() and table.weight[[0, 1, 3]].all()
    optimizer = torch.optim.SGD(table.parameters(), lr=1.0)
    table(torch.arange(V)).square().sum().backward()
    optimizer.step()
    assert not table.weight[2].any()  # no gradient, no step
    table.weight.data[2] = 5  # loaded, or initialized anew
    assert table(torch.tensor([2])).eq(5).all()
    decay = torch.optim.SGD(table.parameters(), lr=1.0, weight_decay=0.1)
    decay.zero_grad()
    table(torch.arange(V)).sum().backward()
    decay.step()
    assert table.weight[2].lt(5).all()  # decay needs no gradient


def test_a_tied_output_gives_padding_a_gradient() -> None:
    table = Embedding(V, D, padding_id=0)
    randomize(table)
    ids, labels = torch.tensor([1, 2, 5]), torch.tensor([2, 5, 1])
    h = table(ids)
    loss = F.cross_entropy(h @ table.weight.T, labels)
    (whole,) = torch.autograd.grad(loss, table.weight)
    split = table.weight.detach().clone().requires_grad_()
    loss = F.cross_entropy(h.detach() @ split.T, labels)
    (output,) = torch.autograd.grad(loss, split)
    loss = F.cross_entropy(table(ids) @ table.weight.detach().T, labels)
    (lookup,) = torch.autograd.grad(loss, table.weight)
    assert gap(whole, lookup + output) < TOLERANCE
    assert not lookup[0].any() and output.all()  # dense: every row


def test_sums_and_means_are_products_with_the_count_matrix() -> None:
    ids, offsets = ids_of((8,)), torch.tensor([0, 3, 3])
    counts = count_matrix(ids, offsets, V)
    assert counts.sum(1).tolist() == [3, 0, 5]
    bag = SumBag(V, D)
    assert gap(bag(ids, offsets), counts @ bag.table.weight) < TOLERANCE
    mean = MeanBag(V, D)
    share = counts / counts.sum(1, keepdim=True).clamp(min=1)
    assert gap(mean(ids, offsets), share @ mean.table.weight) < TOLERANCE
    single = count_matrix(ids, torch.arange(8), V)
    assert torch.equal(single, one_hot(ids, V))  # one id a bag


def test_a_bias_of_the_linear_layer_is_added_to_every_row() -> None:
    linear, ids = nn.Linear(V, D), ids_of((9,))
    table = Embedding(V, D)
    table.weight.data = linear.weight.data.T + linear.bias.data
    assert gap(table(ids), linear(one_hot(ids, V))) < TOLERANCE


def test_max_norm_leaves_other_rows_alone() -> None:
    table = MaxNormEmbedding(V, D, 0.5)
    before = table.weight.detach().clone()
    table(torch.tensor([1, 1, 4]))
    changed = (table.weight != before).any(1).nonzero().flatten().tolist()
    assert changed == [1, 4]
    assert table.weight[[1, 4]].norm(dim=1).max() <= 0.5


def test_plain_indexing_would_read_the_last_rows() -> None:
    """Why check_ids is needed: a table indexed by -1 does not complain."""
    weight = torch.randn(V, D)
    assert torch.equal(weight[torch.tensor([-1])], weight[-1:])
    with pytest.raises(IndexError):
        F.embedding(torch.tensor([-1]), weight)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Embedding(0, 3), "rows is 0; it must be positive"),
        (lambda: Embedding(3, -1), "features is -1"),
        (lambda: Embedding(3, 2, 3), "padding_id is 3; must be from 0 to 2"),
        (lambda: Embedding(3, 2, -1), "padding_id is -1"),
        (
            lambda: Embedding(3, 2)(torch.tensor([0, 3])),
            "ids hold 3; must be from 0 to 2",
        ),
        (
            lambda: SparseEmbedding(3, 2)(torch.tensor([[-1]])),
            "ids hold -1; must be from 0 to 2",
        ),
        (
            lambda: MaxNormEmbedding(3, 2, 1.0)(torch.tensor([1.0])),
            "ids are torch.float64; must be int64 or int32",
        ),
        (lambda: check_ids(torch.tensor([True]), 3), "ids are torch.bool"),
        (lambda: MaxNormEmbedding(3, 2, 0), "max_norm is 0; must be positive"),
        (lambda: one_hot(torch.tensor([4]), 4), "ids hold 4"),
        (
            lambda: SumBag(3, 2)(torch.tensor([0]), torch.tensor([1])),
            r"offsets are \[1\]; must rise from 0 to 1",
        ),
        (
            lambda: SumBag(3, 2)(torch.tensor([0, 1]), torch.tensor([0, 2, 1])),
            r"offsets are \[0, 2, 1\]",
        ),
        (
            lambda: MeanBag(3, 2)(torch.tensor([0]), torch.tensor([0, 2])),
            r"offsets are \[0, 2\]; must rise from 0 to 1",
        ),
        (
            lambda: SumBag(3, 2)(
                torch.tensor([0]), torch.tensor([0]), torch.ones(2)
            ),
            r"weights are \(2,\); not \(1,\)",
        ),
        (
            lambda: MeanBag(3, 2)(
                torch.tensor([0]), torch.tensor([0]), torch.ones(1)
            ),
            "weights must be None",
        ),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
