import torch
from torch import nn

torch.manual_seed(0)
layer = nn.MultiheadAttention(32, 4, kdim=12, vdim=12, batch_first=True)
pixels = torch.randn(2, 64, 32)  # (b, n, d)
words = torch.randn(2, 5, 12)  # (b, m, text width)
lengths = torch.tensor([5, 3])
padding = torch.arange(5) >= lengths[:, None]  # True: not a word

y, weights = layer(pixels, words, words, key_padding_mask=padding)
print("y", tuple(y.shape), "weights", tuple(weights.shape))
print("weight on padding:", weights[1, :, 3:].sum().item())

words[1, 3:] = 100.0
again, _ = layer(pixels, words, words, key_padding_mask=padding)
print("padding changed, same output:", torch.equal(y, again))
