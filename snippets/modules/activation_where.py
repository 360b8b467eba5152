import torch
import torch.nn.functional as F


def elu_naive(x: torch.Tensor) -> torch.Tensor:
    return torch.where(x > 0, x, torch.exp(x) - 1)  # computes both


def elu_safe(x: torch.Tensor) -> torch.Tensor:
    return torch.where(x > 0, x, torch.expm1(x.clamp(max=0)))


print("x = 100          value   gradient")
for f in (elu_naive, elu_safe):
    x = torch.tensor(100.0, requires_grad=True)
    y = f(x)
    y.backward()
    assert x.grad is not None
    print(f"{f.__name__:<12} {y.item():>9.0f} {x.grad.item():>10.0f}")

x = torch.tensor(30.0, dtype=torch.float64)
naive = torch.log(1 - torch.sigmoid(x))  # the loss of a wrong, sure answer
single = torch.log(1 - torch.sigmoid(x.float()))
print(f"log(1 - sigmoid(30)) in float32: {single:.0f}")
print(f"-softplus(30):                   {-F.softplus(x):.0f}")
assert abs(naive + 30) < 0.01  # float64 still has some digits left
