import torch
from torch import nn


def taps_on_map(size: int, rate: int) -> float:
    conv = nn.Conv2d(1, 1, 3, padding=rate, dilation=rate, bias=False)
    nn.init.ones_(conv.weight)
    with torch.no_grad():
        return conv(torch.ones(1, 1, size, size)).mean().item()


print("pixels  stride  rates       map      reach  valid taps")
for pixels, stride, rates in (
    (513, 16, (6, 12, 18)),
    (513, 8, (12, 24, 36)),
    (513, 8, (6, 12, 18)),
    (321, 16, (6, 12, 18)),
    (225, 16, (6, 12, 18)),
):
    size = (pixels - 1) // stride + 1
    valid = [f"{taps_on_map(size, rate):.1f}" for rate in rates]
    names, side = "-".join(map(str, rates)), f"{size} × {size}"
    print(f"{pixels:<7} {stride:<7} {names:<11} {side:<8}", end="")
    print(f" {stride * rates[-1]:<6}", *valid)
