import torch
import torch.nn.functional as F
from torch import nn

floor = nn.MaxPool2d(2)  # VGG
ceil = nn.Conv2d(1, 1, 3, stride=2, padding=1)  # ResNet
for side in (64, 100, 65):
    x = y = torch.zeros(1, 1, side, side)
    down, up = [], []
    for _ in range(5):
        x, y = floor(x), ceil(y)
        down.append(x.shape[-1])
        up.append(y.shape[-1])
    print(f"{side:>3}: VGG {down}, ResNet {up}")

skip, deep = torch.zeros(1, 4, 7, 7), torch.zeros(1, 4, 4, 4)
try:
    torch.cat([skip, F.interpolate(deep, scale_factor=2.0)], dim=1)
except RuntimeError as problem:
    print("twice as large:", str(problem).partition(" except")[0])
joined = torch.cat([skip, F.interpolate(deep, size=skip.shape[2:])], dim=1)
print("as large as the other:", tuple(joined.shape))
