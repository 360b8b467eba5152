import torch
from torch import nn
from torch.nn.functional import pad

x = torch.randn(1, 4, 20, 20)
for name, pool in {
    "MaxPool2d(5, padding=2)": nn.MaxPool2d(5, padding=2),
    "MaxPool2d(4, 1, padding=2)": nn.MaxPool2d(4, 1, padding=2),
    "MaxPool2d(5, 1, padding=2)": nn.MaxPool2d(5, 1, padding=2),
}.items():
    print(f"{name:<28}{tuple(pool(x).shape)}")

below = -1 - torch.rand(1, 1, 20, 20)  # SiLU and leaky ReLU go below zero
zeros = nn.MaxPool2d(5, 1)(pad(below, [2] * 4))  # padded by hand
wrong = (zeros == 0).float().mean()
print(f"zeros around a negative map: {wrong:.2f} of it is now 0")

pools = [nn.MaxPool2d(k, 1, k // 2) for k in (5, 9, 13)]
ultralytics = torch.cat([x, *(p(x) for p in pools)], dim=1)
darknet = torch.cat([*(p(x) for p in pools[::-1]), x], dim=1)
mix = nn.Conv2d(16, 4, 1, bias=False)
moved = mix.weight.view(4, 4, 4, 1, 1).flip(1).reshape(4, 16, 1, 1)
print("same weights:", torch.allclose(mix(ultralytics), mix(darknet)))
again = torch.conv2d(darknet, moved)
print("reordered:", torch.allclose(mix(ultralytics), again, atol=1e-6))
