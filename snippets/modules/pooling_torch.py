import torch
from torch import nn

x = torch.randn(8, 64, 56, 56)  # (b, c, h, w)
layers = {
    "MaxPool2d(2)": nn.MaxPool2d(2),
    "MaxPool2d(3, 2, padding=1)": nn.MaxPool2d(3, 2, padding=1),
    "AvgPool2d(2)": nn.AvgPool2d(2),
    "Conv2d(…, 3, 2, padding=1)": nn.Conv2d(64, 64, 3, 2, padding=1),
    "AdaptiveAvgPool2d(7)": nn.AdaptiveAvgPool2d(7),
    "AdaptiveAvgPool2d(1)": nn.AdaptiveAvgPool2d(1),
}
for name, layer in layers.items():
    print(f"{name:<27} {tuple(layer(x).shape)}")

pool = nn.AdaptiveAvgPool2d(1)
head = nn.Sequential(pool, nn.Flatten(), nn.Linear(64, 10))
for side in (7, 20, 56):
    print("head on", side, "→", tuple(head(x[..., :side, :side]).shape))
