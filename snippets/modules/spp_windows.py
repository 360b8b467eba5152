import math

import torch
from torch import nn

x = torch.randn(1, 256, 10, 10)
window, stride = math.ceil(10 / 6), math.floor(10 / 6)
for name, pool in {
    "window ceil, stride floor": nn.MaxPool2d(window, stride),
    "adaptive": nn.AdaptiveMaxPool2d(6),
}.items():
    print(f"10 into 6, {name:<26}{tuple(pool(x).shape)}")

try:  # three windows of padding: Caffe's formula for 13 into 6
    nn.MaxPool2d(3, stride=3, padding=3)(torch.randn(1, 1, 13, 13))
except RuntimeError as problem:
    print("13 into 6, padded:", str(problem).split(",")[0][:52])

end = 7 * (58 / 14)  # the end of bin 6 of 14 over 58 pixels, exactly 29
print(f"58 into 14: in floats {math.ceil(end)}, exact {-(-7 * 58 // 14)}")

tiny = torch.arange(4.0).view(1, 1, 2, 2)
kinds = nn.AdaptiveMaxPool2d(4)(tiny).unique().numel()
print(f"2 into 4: no error, {kinds} different values in 16 bins")
