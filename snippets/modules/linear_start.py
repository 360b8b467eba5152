import math

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
x = torch.randn(1000, 20)
rare = (torch.arange(1000) % 100 == 0).float()  # 1 sample in 100
head = nn.Linear(20, 1)
for bias in (0.0, math.log(0.01 / 0.99)):
    nn.init.zeros_(head.weight)
    nn.init.constant_(head.bias, bias)
    y = head(x).squeeze(1)
    loss = F.binary_cross_entropy_with_logits(y, rare)
    print(f"bias {bias:>5.2f}: first loss {loss:.3f}")

net = nn.Sequential(nn.Linear(20, 8), nn.Tanh(), nn.Linear(8, 1))
for layer in (net[0], net[2]):
    nn.init.constant_(layer.weight, 0.1)  # equal, so equal for ever
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
nn.init.zeros_(net[0].bias)
for _ in range(50):
    optimizer.zero_grad()
    F.mse_loss(net(x).squeeze(1), x[:, 0] * x[:, 1]).backward()
    optimizer.step()
units = net[0].weight.detach()  # (8, 20): a row for each unit
assert not torch.allclose(units[0], torch.full((20,), 0.1), atol=1e-2)
print("8 units still the same:", torch.allclose(units, units[0], atol=1e-4))
