import torch
import torch.nn.functional as F

torch.manual_seed(0)
table = torch.randn(1000, 4)
for name, ids in {
    "one too many": torch.tensor([3, 1000]),
    "minus one": torch.tensor([3, -1]),
    "read as floats": torch.tensor([3.0, 7.0]),
}.items():
    try:
        F.embedding(ids, table)
    except (IndexError, RuntimeError) as problem:
        print(f"{name}: {type(problem).__name__}")

ids = torch.tensor([3, -1, -100])  # -100 marks what a loss should ignore
print("table[-1] and table[-100] are rows", end=" ")
print([int((table == row).all(1).nonzero()) for row in table[ids]])

labels = torch.tensor([[5, 6, -100, -100]])
ids = labels.masked_fill(labels < 0, 0)  # padding id 0, then a mask
print("mended:", ids.tolist(), (labels >= 0).int().tolist())
