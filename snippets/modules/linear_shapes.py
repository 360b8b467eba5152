import torch
from torch import nn

torch.manual_seed(0)
square = nn.Linear(4, 4, bias=False)
x = torch.randn(3, 4)
assert torch.allclose(square(x), x @ square.weight.T)
same = torch.allclose(square(x), x @ square.weight)  # no error either
print("x @ W equals x @ W.T:", same)

prediction, target = torch.randn(8, 1), torch.randn(8)
print("(8, 1) - (8,):", tuple((prediction - target).shape))
print("(8,) - (8,):  ", tuple((prediction.squeeze(1) - target).shape))

batches, weight = torch.randn(2, 5, 4), torch.randn(4, 3)
one_product = (batches.flatten(0, 1) @ weight).unflatten(0, (2, 5))
assert torch.allclose(batches @ weight, one_product, atol=1e-5)
own = torch.randn(2, 4, 3)  # a matrix for each sample
assert torch.bmm(batches, own).shape == (2, 5, 3)
print("one weight: a product of 10 rows; own weights: 2 of 5 rows")
