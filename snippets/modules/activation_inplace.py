import torch
from torch import nn

x = torch.randn(4, 3, requires_grad=True)
y = torch.sigmoid(x)  # its gradient needs the output y
z = nn.ReLU(inplace=True)(y - 0.5)  # a new tensor: fine
z.sum().backward()

y = torch.sigmoid(x)
nn.ReLU(inplace=True)(y)  # overwrites y
try:
    y.sum().backward()
except RuntimeError as problem:
    print(str(problem).partition(":")[0])

x = torch.randn(4, 3)
skip = x
out = nn.ReLU(inplace=True)(x) + skip  # skip has been overwritten as well
print("skip still holds a negative value:", bool((skip < 0).any()))
