"""Weights of a spatial gate that stacks its maps the other way."""

import torch
from torch import Tensor, nn

torch.manual_seed(0)
x = torch.randn(2, 16, 12, 12).relu()
theirs = nn.Conv2d(2, 1, 7, padding=3, bias=False)
mean, peak = x.mean(1, keepdim=True), x.amax(1, keepdim=True)


@torch.no_grad()
def gate(conv: nn.Conv2d, *maps: Tensor) -> Tensor:
    return conv(torch.cat(maps, dim=1)).sigmoid()


ours = nn.Conv2d(2, 1, 7, padding=3, bias=False)
missing = ours.load_state_dict(theirs.state_dict())
expected = gate(theirs, peak, mean)
wrong = (gate(ours, mean, peak) - expected).abs().max()
print(f"loaded: {missing}; gates off by up to {float(wrong):.1f}")

with torch.no_grad():
    ours.weight.copy_(theirs.weight[:, [1, 0]])
same = torch.allclose(gate(ours, mean, peak), expected, atol=1e-6)
print("input channels swapped, same gates:", same)
