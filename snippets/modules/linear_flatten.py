import torch
from torch import nn

image = torch.arange(12).view(1, 3, 2, 2)  # (b, c, h, w)
print("(b, c, h, w):", image.flatten(1).tolist()[0])
last = image.permute(0, 2, 3, 1)  # (b, h, w, c), as numpy and TensorFlow
print("(b, h, w, c):", last.flatten(1).tolist()[0])

columns = torch.arange(6).view(2, 3)
print("transposed:", columns.T.tolist())
print("reshaped:  ", columns.reshape(3, 2).tolist())

head = nn.Linear(12, 5)
moved = head.weight.view(5, 3, 2, 2).permute(0, 2, 3, 1).flatten(1)
y = head(image.float().flatten(1))
wrong = head(last.float().flatten(1))  # no error, another function
right = last.float().flatten(1) @ moved.T + head.bias
assert not torch.allclose(y, wrong, atol=1e-2)
assert torch.allclose(y, right, atol=1e-5)
print("columns of the weight permuted: equal again")
