import torch
from torch import nn

skip = torch.zeros(1, 8, 15, 15)  # an odd size on the way down
down = nn.Conv2d(8, 8, 3, stride=2, padding=1)
up = nn.ConvTranspose2d(8, 8, 2, stride=2)
print("down", tuple(down(skip).shape)[2:], end=", ")
print("up", tuple(up(down(skip)).shape)[2:], "instead of", (15, 15))

conv, back = nn.Conv2d(3, 8, 3), nn.ConvTranspose2d(8, 3, 3)
print("weights:", tuple(conv.weight.shape), tuple(back.weight.shape))

x = torch.ones(1, 1, 9, 9, requires_grad=True)
y = nn.functional.conv2d(x, torch.ones(1, 1, 3, 3), stride=2)
(gradient,) = torch.autograd.grad(y.sum(), x)
print("gradient of a convolution with stride 2, a part of it:")
for row in gradient[0, 0, 2:6, 2:8].int().tolist():
    print("   ", *row)

try:
    nn.ConvTranspose2d(8, 8, 3, stride=2, output_padding=2)(skip)
except RuntimeError as problem:
    print("refused:", str(problem).partition(", but got")[0])
