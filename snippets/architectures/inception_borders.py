import torch
from torch import nn

ones = torch.ones(1, 1, 5, 5)
for counted in (True, False):
    mean = nn.AvgPool2d(3, 1, 1, count_include_pad=counted)(ones)[0, 0]
    corner, edge, inside = mean[0, 0], mean[0, 2], mean[2, 2]
    print(f"zeros counted {counted!s:<6}", end="")
    print(f"corner {corner:.2f}  edge {edge:.2f}  inside {inside:.2f}")
for side in (35, 17, 8):
    share = 1 - (side - 2) ** 2 / side**2
    print(f"{side} × {side}: {share:.0%} of the map lies on the border")
for v in (1e-2, 1e-4):
    ratio = ((v + 1e-3) / (v + 1e-5)) ** 0.5
    print(f"variance {v:.0e}: eps 1e-5 for 1e-3 gives {ratio:.2f} times")

x = torch.randn(1, 8, 35, 35)
for padding in (0, 1):
    conv = nn.Conv2d(8, 8, 3, stride=2, padding=padding)
    try:
        y = torch.cat([conv(x), nn.MaxPool2d(3, 2)(x)], dim=1)
        print(f"padding {padding}: joined to {tuple(y.shape)}")
    except RuntimeError as problem:
        words = str(problem).partition("dimension 1. ")[2]
        print(f"padding {padding}: {words.split(' for ')[0]}")
for up in (False, True):
    y = nn.MaxPool2d(3, 2, ceil_mode=up)(x[..., :34, :34])
    print(f"34 pooled, ceil_mode={up}: {y.shape[-1]}")
