import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(2, 4, 8, 8)
conv = nn.Conv2d(4, 4, 3, padding=1)

for inplace in (False, True):
    stream = x.clone()
    y = stream + conv(nn.ReLU(inplace=inplace)(stream))
    kept = torch.allclose(y - conv(x.relu()), x, atol=1e-5)
    print(f"pre-activation, inplace={inplace}: shortcut kept {kept}")

y = torch.relu(conv(x))
y += x  # relu saved this very tensor for its gradient
try:
    y.sum().backward()
except RuntimeError as problem:
    print("refused:", str(problem).split(":")[0])

stream = x.relu()
with torch.no_grad():
    for _ in range(16):  # a branch that ends in ReLU can only add
        higher = stream + conv(stream).relu()
        assert (higher >= stream).all()
        stream = higher
growth = stream.mean() / x.relu().mean()
print(f"ReLU before the sum, 16 times: mean × {growth:.0f}")
