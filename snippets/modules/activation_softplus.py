import math

import torch
import torch.nn.functional as F

x = torch.tensor([20.0, 20.001, 25.0], dtype=torch.float64)
exact = torch.logaddexp(x, torch.zeros_like(x))
gap = exact - F.softplus(x)
for at, missing in zip(x.tolist(), gap.tolist(), strict=True):
    print(f"exact - F.softplus at {at:>6}: {abs(missing):.12f}")
print("threshold=40 at 20.001:", f"{F.softplus(x[1], threshold=40):.12f}")

zero = torch.zeros((), dtype=torch.float64)
for beta in (1, 2, 5, 20):
    far = F.softplus(zero, beta=beta).item()  # ReLU(0) is 0
    print(f"beta {beta:>2}: largest distance from ReLU {far:.4f}")
    assert math.isclose(far, math.log(2) / beta)
