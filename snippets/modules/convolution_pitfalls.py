import torch
from torch import nn

x = torch.ones(1, 1, 8, 8, requires_grad=True)
nn.Conv2d(1, 1, 3, stride=2)(x).sum().backward()
unseen = int((x.grad == 0).sum())
print("8 × 8, kernel 3, stride 2: pixels never seen", unseen)

with torch.no_grad():
    blur = nn.Conv2d(1, 1, 3, padding=1, bias=False)
    blur.weight.fill_(1 / 9)
    y = torch.ones(1, 1, 8, 8)
    for _ in range(3):
        y = blur(y)
print(f"ones, blurred 3 times: middle {y[0, 0, 4, 4]:.2f}", end="")
print(f", corner {y[0, 0, 0, 0]:.2f}")

for wrong in (
    lambda: nn.Conv2d(3, 8, 3)(torch.zeros(1, 32, 32, 3)),  # channels last
    lambda: nn.Conv2d(3, 8, 3, stride=2, padding="same"),
    lambda: nn.Conv2d(64, 96, 3, groups=64),
):
    try:
        wrong()
    except (RuntimeError, ValueError) as problem:
        print("refused:", *str(problem).split(", expected "), sep="\n    ")
