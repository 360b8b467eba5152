import torch
from torch import nn

x, up = torch.zeros(1, 64, 7, 7), nn.ConvTranspose2d
recipes = {
    "kernel 2": up(64, 32, 2, stride=2),
    "kernel 4": up(64, 32, 4, stride=2, padding=1),
    "kernel 3": up(64, 32, 3, stride=2, padding=1, output_padding=1),
    "resize + convolution": nn.Sequential(
        nn.Upsample(scale_factor=2), nn.Conv2d(64, 32, 3, padding=1)
    ),
    "pixel shuffle": nn.Sequential(
        nn.Conv2d(64, 4 * 32, 3, padding=1), nn.PixelShuffle(2)
    ),
}
for name, layer in recipes.items():
    parameters = sum(p.numel() for p in layer.parameters())
    shape = tuple(layer(x).shape)[1:]
    print(f"{name:<22}{shape!s:<14}{parameters:>8,} parameters")

odd = up(64, 32, 3, stride=2, padding=1)
for size in ((13, 13), (14, 13), (14, 14)):  # all of them became 7 × 7
    print("asked for", tuple(odd(x, output_size=size).shape)[2:])
