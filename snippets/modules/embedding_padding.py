import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
table = nn.Embedding(6, 3, padding_idx=0)
print("padding row at first:", table.weight[0].tolist())
for module in table.modules():  # a typical custom initialization
    if isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
print("zero after nn.init:", not table.weight[0].any())
with torch.no_grad():
    table.weight[0] = 0  # mended
loaded = nn.Embedding.from_pretrained(torch.ones(6, 3), padding_idx=0)
print("loaded:", loaded.weight[0].tolist(), loaded.weight.requires_grad)

ids = torch.tensor([[4, 2, 0, 0]])
x = table(ids)
count = (ids != 0).sum(1, keepdim=True)
wrong, right = x.mean(1), x.sum(1) / count
print(f"mean over padding is {(wrong / right).mean():.1f} of the mean")

logits = table(ids)[:, 1] @ table.weight.T  # the output is tied
tied = F.cross_entropy(logits, torch.tensor([3]))
for name, loss in {"lookup": x.sum(), "tied output": tied}.items():
    (g,) = torch.autograd.grad(loss, table.weight)
    print(f"{name}: padding has a gradient {bool(g[0].any())}")
