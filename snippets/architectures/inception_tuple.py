import torch
from torch import nn
from torch.nn.functional import cross_entropy


class WithHead(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(8, 8)
        self.main, self.aux = nn.Linear(8, 3), nn.Linear(8, 3)

    def forward(self, x):  # as torchvision's googlenet and inception_v3
        x = self.body(x).relu()
        main = self.main(x)
        return (main, self.aux(x)) if self.training else main


torch.manual_seed(0)
model, x, y = WithHead(), torch.randn(4, 8), torch.tensor([0, 1, 2, 0])
try:
    cross_entropy(model(x), y)
except TypeError as problem:
    print("in training:", problem)
print("in evaluation:", tuple(model.eval()(x).shape))

main, aux = model.train()(x)
(cross_entropy(main, y) + 0.3 * cross_entropy(aux, y)).backward()
print("aux has a gradient:", model.aux.weight.grad is not None)
