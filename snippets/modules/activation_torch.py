import torch
import torch.nn.functional as F
from torch import nn

x = torch.randn(4, 16, 8, 8)
assert torch.equal(nn.SiLU()(x), F.silu(x))  # Swish is called SiLU
assert torch.equal(nn.GELU()(x), F.gelu(x))  # exact by default
close = F.gelu(x, approximate="tanh")
assert 1e-4 < (close - F.gelu(x)).abs().max() < 5e-4

assert nn.LeakyReLU().negative_slope == 0.01
assert nn.Softplus().threshold == 20  # beyond it the input comes back
assert nn.GLU(dim=1)(x).shape == (4, 8, 8, 8)  # the channels are halved

prelu = nn.PReLU(num_parameters=16)  # a slope to learn for each channel
assert prelu(x).shape == x.shape
for layer in (prelu, nn.GELU()):
    count = sum(p.numel() for p in layer.parameters())
    print(f"parameters of {layer}: {count}")
