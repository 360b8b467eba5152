import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
c, m = 64, 2
x = torch.randn(8, c, 16, 16)
conv = nn.Conv2d(c, c, 3, padding=1, groups=c, bias=False)
for mode in ("fan_in", "fan_out"):
    nn.init.kaiming_normal_(conv.weight, mode=mode)
    with torch.no_grad():
        print(f"{mode:<8} scale of the output {conv(x).std():.1f}")

kernel = torch.randn(3, 3, c, m)  # TensorFlow: (kh, kw, c, m)
right = kernel.permute(2, 3, 0, 1).reshape(c * m, 1, 3, 3)
wrong = kernel.permute(3, 2, 0, 1).reshape(c * m, 1, 3, 3)
y = F.conv2d(x, right, groups=c)
print("same shape", y.shape == F.conv2d(x, wrong, groups=c).shape, end="")
print(", same output", torch.allclose(y, F.conv2d(x, wrong, groups=c)))

try:
    nn.Conv2d(64, 96, 3, groups=64)
except ValueError as problem:
    print("64 to 96 channels, groups=64:", problem)
