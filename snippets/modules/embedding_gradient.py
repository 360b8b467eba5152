import torch
from torch import nn

ids, dy = torch.tensor([2, 0, 2]), torch.ones(3, 1)
lost, added = torch.zeros(4, 1), torch.zeros(4, 1)
lost[ids] += dy
added.index_add_(0, ids, dy)
print("g[ids] += dy:", lost.flatten().int().tolist(), end=", ")
print("index_add_:", added.flatten().int().tolist())

table = nn.Embedding(4, 2, sparse=True)
table(ids).sum().backward()
p = [table.weight]
for name, call in {
    "Adam": torch.optim.Adam(p).step,
    "SGD, decay": torch.optim.SGD(p, 0.1, weight_decay=0.01).step,
    "clip_grad_norm_": lambda: nn.utils.clip_grad_norm_(p, 1.0),
    "SparseAdam": torch.optim.SparseAdam(p).step,
}.items():
    try:
        call()
        print(f"{name} takes a sparse gradient")
    except RuntimeError as problem:
        print(f"{name} refuses it: {type(problem).__name__}")

tied = (table(ids) @ table.weight.T).sum()
(g,) = torch.autograd.grad(tied, table.weight)
print("tied output:", g.layout)
