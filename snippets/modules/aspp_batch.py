import torch
from torch import nn

torch.manual_seed(0)
pooled = nn.Sequential(
    nn.AdaptiveAvgPool2d(1),
    nn.Conv2d(16, 4, 1, bias=False),
    nn.BatchNorm2d(4),
)
one = torch.randn(1, 16, 33, 33)
try:
    pooled(one)
except ValueError as problem:
    print("batch of 1:", str(problem).partition(",")[0])

for difference in (1.0, 0.1, 0.01):
    two = torch.cat([one, one + difference * torch.randn(1, 16, 1, 1)])
    y = pooled(two)[:, :, 0, 0]
    print(f"batch of 2, images differ by {difference}:", end="")
    print("".join(f" {value:+.2f}" for value in y[0].tolist()))

pooled[2] = nn.GroupNorm(2, 4)  # or keep BN with .eval()
print("GroupNorm, batch of 1:", tuple(pooled(one).shape))
