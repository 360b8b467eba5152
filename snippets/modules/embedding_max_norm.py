import torch
from torch import nn

torch.manual_seed(0)
table = nn.Embedding(4, 8, max_norm=1.0)
ids = torch.tensor([1, 3])
lengths = [table.weight.norm(dim=1).tolist()]
with torch.no_grad():
    table(ids)  # reading writes
lengths.append(table.weight.norm(dim=1).tolist())
for name, row in zip(("before", "after"), lengths, strict=True):
    print(f"{name:<7}", *(f"{value:.1f}" for value in row))

h = table(ids)
logits = h @ table.weight.T  # tied: the product keeps the table
table(torch.tensor([0, 2]))  # and the next lookup rewrites it
try:
    logits.sum().backward()
except RuntimeError as problem:
    reason = str(problem).partition(": ")[0].rpartition("been ")[2]
    print("refused: a value", reason)
