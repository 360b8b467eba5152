import torch
from torch import nn

layer = nn.Linear(in_features=6, out_features=4)
print("weight", tuple(layer.weight.shape), "bias", tuple(layer.bias.shape))

tokens = torch.randn(2, 5, 6)  # (b, n, d): only the last axis counts
assert layer(tokens).shape == (2, 5, 4)
one = layer(tokens[1, 3])  # a token by itself: the same numbers
assert torch.allclose(layer(tokens)[1, 3], one, atol=1e-6)

conv = nn.Conv2d(6, 4, kernel_size=1)  # the same layer for every pixel
kernel = layer.weight[:, :, None, None]  # (4, 6, 1, 1)
conv.load_state_dict({"weight": kernel, "bias": layer.bias})
pixels = torch.randn(2, 6, 8, 8)
by_linear = layer(pixels.movedim(1, -1)).movedim(-1, 1)
assert torch.allclose(conv(pixels), by_linear, atol=1e-6)
print("1 × 1 convolution and linear layer agree")
