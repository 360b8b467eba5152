import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.head = nn.Linear(8, 5)

    def features(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.conv(x)))  # no module for the ReLU

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x).mean((2, 3)))


torch.manual_seed(0)
model, x = Net().eval(), torch.randn(2, 3, 16, 16)
cut = nn.Sequential(*list(model.children())[:-1])
print("same shape:", cut(x).shape == model.features(x).shape)
print("same features:", torch.equal(cut(x), model.features(x)))
print("negative ones:", f"{(cut(x) < 0).double().mean():.1f}", "of all")

model.head = nn.Identity()  # replace the end, keep the forward
print("head replaced:", tuple(model(x).shape), bool((model(x) >= 0).all()))
