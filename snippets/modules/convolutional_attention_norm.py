"""What a gate of channels can still tell apart behind a norm."""

import torch
from torch import nn

torch.manual_seed(0)
brightness = torch.linspace(0.2, 3, 32)[:, None, None, None]
x = brightness * torch.randn(32, 16, 12, 12).relu()  # 32 images
mlp = nn.Sequential(nn.Linear(16, 4), nn.ReLU(), nn.Linear(4, 16))
norms = {
    "BatchNorm": nn.BatchNorm2d(16),
    "GroupNorm, 4 groups": nn.GroupNorm(4, 16),
    "InstanceNorm": nn.InstanceNorm2d(16, affine=True),
}

with torch.no_grad():
    for name, norm in norms.items():
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)
        gate = mlp(norm(x).mean(dim=(2, 3))).sigmoid()  # (32, 16)
        spread = float(gate.std(dim=0).mean())
        print(f"{name:<20} gates differ between images by", end=" ")
        print("nothing" if spread < 1e-6 else f"{spread:.3f}")
