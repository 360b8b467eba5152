from itertools import pairwise

import torch
from torch import nn


class Forgetful(nn.Module):
    def __init__(self, container: type) -> None:
        super().__init__()
        widths = [64, 100, 100]
        layers = [nn.Linear(d, k) for d, k in pairwise(widths)]
        self.hidden = container(layers)
        self.last = nn.Linear(100, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.hidden:
            x = layer(x).relu()
        return self.last(x)


for container in (list, nn.ModuleList):
    net = Forgetful(container)
    count = sum(p.numel() for p in net.parameters())
    saved = len(net.state_dict())
    print(f"{container.__name__:<10} {count:>6,} parameters, {saved} saved")
