import torch
from torch import nn

torch.manual_seed(0)
gray = torch.randn(2, 1, 8, 8)
y = nn.Conv2d(1, 4, 3, padding=1)(gray) + gray
print("1 channel + 4 channels, no projection:", tuple(y.shape))

small = torch.randn(2, 4, 2, 2)
halve = nn.Conv2d(4, 4, 3, stride=2, padding=1)
y = halve(small) + small
print("2 × 2 and stride 2, no projection:", tuple(y.shape))

x = torch.randn(2, 4, 8, 8, requires_grad=True)
try:
    y = halve(x) + x
except RuntimeError as problem:
    print("8 × 8 and stride 2:", str(problem).partition(" at ")[0])

for name, shortcut in {
    "1 × 1 with stride 2": nn.Conv2d(4, 8, 1, stride=2),
    "2 × 2 mean, then 1 × 1": nn.Sequential(
        nn.AvgPool2d(2), nn.Conv2d(4, 8, 1)
    ),
}.items():
    (g,) = torch.autograd.grad(shortcut(x).square().sum(), x)
    print(f"{name}: reads {(g != 0).double().mean():.2f} of x")
