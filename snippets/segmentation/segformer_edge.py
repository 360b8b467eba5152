import math

import torch
from torch import nn

for h, w in ((512, 512), (375, 500)):
    print(f"{h} × {w}: tokens that are never keys")
    for stage, ratio in enumerate((8, 4, 2, 1)):
        step = 4 * 2**stage  # strided 3 × 3 and 7 × 7, padded, round up
        rows, columns = math.ceil(h / step), math.ceil(w / step)
        x = torch.ones(1, 1, rows, columns, requires_grad=True)
        reduce = nn.Conv2d(1, 1, ratio, ratio, bias=False)
        nn.init.ones_(reduce.weight)
        (g,) = torch.autograd.grad(reduce(x).sum(), x)
        unseen = int((g == 0).sum())
        print(f"  1/{step:<2} {rows:>3} × {columns:<3} {unseen:>4}")
