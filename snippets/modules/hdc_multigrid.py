from math import gcd

import torch
from torch import nn


def reached(rates, column, size=41):
    x = torch.randn(1, 1, size, size).requires_grad_()
    y = x
    for rate in rates:
        conv = nn.Conv2d(1, 1, 3, padding=rate, dilation=rate, bias=False)
        nn.init.ones_(conv.weight)
        y = conv(y)
    (gradient,) = torch.autograd.grad(y[0, 0, size // 2, column], x)
    return gradient[0, 0] != 0


units = (1, 2, 4)  # the multi-grid of DeepLab V3
for stride, base in ((32, 1), (16, 2), (8, 4)):
    rates = [base * unit for unit in units]
    first, second = reached(rates, 20), reached(rates, 21)
    shared = int((first & second).sum())
    print(f"stride {stride}, rates {rates}: common factor", end="")
    print(f" {gcd(*rates)}, neighbors share {shared} features")
