"""Sixteen fresh gates: on the branch, or on the sum."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(64, 32)
gates = [nn.Linear(32, 32) for _ in range(16)]
branches = [nn.Linear(32, 32) for _ in range(16)]


def travel(place: str, bias: float) -> float:
    """How large the gradient at the start is, with 1 at the end."""
    start = y = x.clone().requires_grad_()
    for layer, gate in zip(branches, gates, strict=True):
        nn.init.constant_(gate.bias, bias)
        z = layer(y.relu())
        z = z * gate(z).sigmoid() if place == "branch" else z
        y = y + z
        y = y * gate(y).sigmoid() if place == "sum" else y
    (gradient,) = torch.autograd.grad(y.sum(), start)
    return float(gradient.norm() / x.numel() ** 0.5)


print(f"gates on the branch:            {travel('branch', 0.0):.0e}")
print(f"gates on the sum:               {travel('sum', 0.0):.0e}")
print(f"gates on the sum, nearly open:  {travel('sum', 4.0):.0e}")
