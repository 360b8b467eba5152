import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

n, d, k = 32, 100, 50
layer = nn.Linear(d, k)
for name, wants in (("data as input", False), ("features", True)):
    x = torch.randn(n, d, requires_grad=wants)
    with FlopCounterMode(display=False) as forward:
        y = layer(x)
    with FlopCounterMode(display=False) as backward:
        y.sum().backward()
    once = forward.get_total_flops()
    assert once == 2 * n * d * k  # the bias is not counted
    print(f"{name:<14} forward {once:,}", end=", ")
    print(f"backward {backward.get_total_flops() // once} times that")
