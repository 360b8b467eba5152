import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

c, o, k = 64, 128, 3
full = nn.Conv2d(c, o, k, padding=1, bias=False)
separable = nn.Sequential(
    nn.Conv2d(c, c, k, padding=1, groups=c, bias=False),  # depthwise
    nn.BatchNorm2d(c),
    nn.ReLU(),
    nn.Conv2d(c, o, 1, bias=False),  # pointwise
    nn.BatchNorm2d(o),
    nn.ReLU(),
).eval()

x = torch.randn(1, c, 28, 28)
flops = {}
for name, layer in {"full": full, "separable": separable}.items():
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        layer(x)
    flops[name] = counter.get_total_flops()
    print(f"{name:<10} {flops[name]:>12,} FLOPs")
ratio = flops["separable"] / flops["full"]
print(f"ratio {ratio:.4f}, 1/k² + 1/o = {1 / k**2 + 1 / o:.4f}")
