import torch
import torch.nn.functional as F
from torch import nn

x = torch.arange(49.0).view(1, 1, 7, 7)
print("stride left out:", tuple(nn.MaxPool2d(3)(x).shape[2:]))
print("stride 1:       ", tuple(nn.MaxPool2d(3, stride=1)(x).shape[2:]))

x.requires_grad_()
(gradient,) = torch.autograd.grad(nn.AvgPool2d(2)(x).sum(), x)
print("7 × 7, kernel 2: pixels never seen:", int((gradient == 0).sum()))

negative = -torch.ones(1, 1, 4, 4)
inside = nn.MaxPool2d(3, stride=1, padding=1)(negative)
zeros = nn.MaxPool2d(3, stride=1)(F.pad(negative, [1] * 4))
print("maximum of -1: padding=1", inside.unique().tolist(), end="")
print(", F.pad", zeros.unique().tolist())

ones = torch.ones(1, 1, 4, 4)
corner = nn.AvgPool2d(3, stride=1, padding=1)(ones)[0, 0, 0, 0].item()
print(f"average of 1 in a corner: {corner:.2f}")

counts = torch.tensor([[[[1, 2], [2, 2]]]])
print("average of the integers 1 2 2 2:", nn.AvgPool2d(2)(counts).item())
