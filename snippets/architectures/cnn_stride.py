import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(1, 4, 17, 17)
first = nn.Conv2d(4, 4, 3, stride=2, padding=1)
second = nn.Conv2d(4, 4, 3, padding=1)
coarse = second(first(x))

first.stride = (1, 1)
careless = second(first(x))[..., ::2, ::2]
print("stride removed:", torch.allclose(careless, coarse, atol=1e-5))
second.dilation = second.padding = (2, 2)
dense = second(first(x))
found = torch.allclose(dense[..., ::2, ::2], coarse, atol=1e-5)
print("and dilation 2 after it:", found, tuple(dense.shape))

norm = nn.BatchNorm2d(4)
try:
    norm(torch.randn(1, 4, 1, 1))  # a small image, alone in its batch
except ValueError as problem:
    print("BN in training:", str(problem).partition(",")[0])
