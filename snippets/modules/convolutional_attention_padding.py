"""The same picture, alone and padded to share a batch with a larger one."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

torch.manual_seed(0)
mlp = nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 8))
x = 8 * torch.rand(1, 8, 10, 10)
padded = F.pad(x, (0, 22, 0, 22))  # to 32 × 32
real = F.pad(torch.ones_like(x), (0, 22, 0, 22))


@torch.no_grad()
def gate(mean: Tensor) -> Tensor:
    return mlp(mean).sigmoid()


alone = gate(x.mean(dim=(2, 3)))
diluted = gate(padded.mean(dim=(2, 3)))
masked = gate((padded * real).sum(dim=(2, 3)) / real.sum(dim=(2, 3)))
print(f"mean squeezed, alone:  {float(x.mean()):.2f}")
print(f"mean squeezed, padded: {float(padded.mean()):.2f}")
print(f"gates move by up to {float((diluted - alone).abs().max()):.2f}")
print("masked mean, same gates:", torch.allclose(masked, alone))
