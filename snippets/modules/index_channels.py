import torch
from torch import nn

torch.manual_seed(0)


def stack(groups: int, pointwise: bool) -> nn.Sequential:
    layers: list[nn.Module] = []
    for _ in range(5):
        layers += [nn.Conv2d(8, 8, 3, padding=1, groups=groups), nn.GELU()]
        if pointwise:
            layers.append(nn.Conv2d(8, 8, 1))
    return nn.Sequential(*layers)


x = torch.randn(4, 8, 16, 16, requires_grad=True)
for name, model in {
    "5 depthwise": stack(8, pointwise=False),
    "5 of 2 groups": stack(2, pointwise=False),
    "5 depthwise, each with a 1 × 1": stack(8, pointwise=True),
}.items():
    y = model(x)[:, 0, 8, 8].sum()
    (gradient,) = torch.autograd.grad(y, x)
    read = (gradient != 0).any(0)
    print(f"{name:<31}reads {int(read.any(0).any(1).sum())} rows", end="")
    print(f" and {int(read.flatten(1).any(1).sum())} of 8 channels")
