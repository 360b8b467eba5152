import warnings

import torch
from torch import nn

torch.manual_seed(0)
layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
stack = nn.TransformerEncoder(layer, num_layers=6)
first, *others = [part.linear1.weight for part in stack.layers]
print("six layers, equal weights:", all(w.equal(first) for w in others))

x, blocked = torch.randn(1, 5, 16), torch.tensor([[False] * 3 + [True] * 2])
for training in (True, False):
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nested tensors are a prototype
        y = stack.train(training)(x, src_key_padding_mask=blocked)
    zeros = bool((y[0, 3:] == 0).all())
    print(f"training={training}: padded outputs are zeros: {zeros}")

pre = nn.TransformerEncoderLayer(16, 2, 32, 0.0, norm_first=True)
deep = nn.TransformerEncoder(pre, 24, enable_nested_tensor=False)
for name, norm in (("no", None), ("a", nn.LayerNorm(16))):
    deep.norm = norm
    large = bool(deep(x).std() > 5)
    print(f"pre-norm, {name} norm at the end: std above 5: {large}")
