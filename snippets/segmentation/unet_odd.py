import torch
from torch import nn

pool, up = nn.MaxPool2d(2), nn.ConvTranspose2d(1, 1, 2, stride=2)
side, levels, x = 100, 4, torch.zeros(1, 1, 100, 100)
skips = []
for _ in range(levels):
    skips.append(x)
    x = pool(x)
print("down:", *(skip.shape[-1] for skip in skips), x.shape[-1])
for skip in reversed(skips):
    x = up(x)
    print(f"up gives {x.shape[-1]}, the skip has {skip.shape[-1]}")
    if x.shape != skip.shape:
        break
more = -side % 2**levels
print(f"padded by {more} to {side + more} it fits; then cut to {side}")
