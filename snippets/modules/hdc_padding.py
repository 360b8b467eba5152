import torch
import torch.nn.functional as F
from torch import nn

x = torch.randn(1, 1, 32, 32)
for name, padding in (("1", lambda rate: 1), ("rate", lambda rate: rate)):
    y = x
    for rate in (1, 2, 5):
        y = nn.Conv2d(1, 1, 3, padding=padding(rate), dilation=rate)(y)
    print(f"padding={name}: 32 × 32 becomes", *y.shape[2:])

dot = torch.zeros(1, 1, 65)
dot[..., 32] = 1
place = torch.arange(65.0)
for k in (2, 3, 4):
    y = dot
    for rate in (1, 2, 5):
        total = rate * (k - 1)  # padding="same" splits it like this
        y = F.pad(y, (total // 2, total - total // 2))
        y = F.conv1d(y, torch.ones(1, 1, k), dilation=rate)
    moved = (y * place).sum() / y.sum() - 32
    print(f"kernel {k}, same size: the answer moves {moved:+.1f} pixels")
