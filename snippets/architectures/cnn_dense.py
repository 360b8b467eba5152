import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(1, 16, 7, 7)
fc = nn.Linear(16 * 7 * 7, 10)
try:
    fc(torch.randn(1, 16, 9, 8).flatten(1))
except RuntimeError as problem:
    print("another size:", str(problem).partition(" (")[0])

conv = nn.Conv2d(16, 10, 7)
kernels = fc.weight.detach().view(10, 16, 7, 7)  # the same numbers
conv.weight, conv.bias = nn.Parameter(kernels), fc.bias
same = torch.allclose(conv(x)[..., 0, 0], fc(x.flatten(1)), atol=1e-5)
print("as a 7 × 7 convolution, equal:", same)
print("another size:", tuple(conv(torch.randn(1, 16, 9, 8)).shape))

pool = nn.AdaptiveAvgPool2d(7)
y = fc(pool(torch.randn(1, 16, 9, 8)).flatten(1))
print("pooled to 7 × 7 first:", tuple(y.shape))
