import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
k, label = 11, torch.tensor([3])
for margin in (2, 5):
    z = torch.full((1, k), -float(margin))
    z[0, 3] = margin  # the right class up, the others down
    plain, cut = (F.cross_entropy(s, label) for s in (z, z.relu()))
    print(f"scores of ±{margin}: loss {plain:.4f}, after ReLU {cut:.4f}")

maps = torch.randn(4, k, 32, 32, requires_grad=True)
labels = torch.randint(k, (4, 32, 32))
ends = {"scores": nn.Identity(), "BN, ReLU": nn.ReLU()}
for name, end in ends.items():
    z = F.batch_norm(maps, None, None, training=True)
    loss = F.cross_entropy(end(z), labels)
    (g,) = torch.autograd.grad(loss, z)
    print(f"{name}: {(g != 0).double().mean():.0%} of them have a gradient")
