import torch
from torch import nn

branch = nn.Sequential(
    nn.Conv2d(16, 16, 3, padding=1, bias=False),
    nn.BatchNorm2d(16),
    nn.ReLU(),
    nn.Conv2d(16, 16, 3, padding=1, bias=False),
    nn.BatchNorm2d(16),
)
nn.init.zeros_(branch[-1].weight)  # the block starts as the identity

kernels = [p for p in branch.parameters() if p.dim() > 1]
others = [p for p in branch.parameters() if p.dim() <= 1]
optimizer = torch.optim.SGD(
    [
        {"params": kernels, "weight_decay": 1e-4},
        {"params": others, "weight_decay": 0.0},
    ],
    lr=0.1,
)
branch(torch.randn(4, 16, 8, 8)).sum().backward()
for name, p in branch.named_parameters():
    moves = p.grad is not None and bool(p.grad.abs().max() > 1e-6)
    print(f"{name:<9}{'gradient' if moves else 'none in the first step'}")
