import torch
from torch import nn

x = torch.zeros(1, 64, 56, 56)
recipes = {
    "same size": nn.Conv2d(64, 64, 3, padding=1),
    "half size": nn.Conv2d(64, 128, 3, stride=2, padding=1),
    "patches of 8 × 8": nn.Conv2d(64, 96, 8, stride=8),
    "mix channels": nn.Conv2d(64, 16, 1),
    "atrous": nn.Conv2d(64, 64, 3, padding=4, dilation=4),
    "depthwise": nn.Conv2d(64, 64, 3, padding=1, groups=64),
    "before BatchNorm": nn.Conv2d(64, 64, 3, padding=1, bias=False),
}
for name, layer in recipes.items():
    parameters = sum(p.numel() for p in layer.parameters())
    shape = tuple(layer(x).shape)[1:]
    print(f"{name:<18}{shape!s:<16}{parameters:>8,} parameters")
