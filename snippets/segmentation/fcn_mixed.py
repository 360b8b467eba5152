import torch
from torch import nn


def tent(scale):
    size = 2 * scale
    offset = torch.arange(size) - (size - 1) / 2
    line = 1 - offset.abs() / scale
    return torch.outer(line, line)


scores = torch.zeros(1, 3, 4, 4)
scores[:, 0], scores[:, 1] = 2, 1  # class 0 everywhere

for name, chosen in (("all pairs", slice(None)), ("own class", None)):
    up = nn.ConvTranspose2d(3, 3, 16, stride=8, bias=False)
    nn.init.zeros_(up.weight)
    if chosen is None:
        each = torch.arange(3)
        up.weight.data[each, each] = tent(8)
    else:
        up.weight.data[:] = tent(8)
    middle = up(scores)[0, :, 20, 20]
    print(f"{name}: {[round(v, 2) for v in middle.tolist()]}")
