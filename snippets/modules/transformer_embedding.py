import torch
from torch import nn

torch.manual_seed(0)
d, n = 512, 100
w = 10_000 ** (-torch.arange(0, d, 2) / d)
angles = torch.arange(n)[:, None] * w
places = torch.cat([angles.sin(), angles.cos()], dim=1)
tokens = torch.randint(1000, (n,))
print(f"positions: root mean square {places.square().mean().sqrt():.2f}")
for name, std in (("torch's default", 1.0), ("1 / sqrt(d)", d**-0.5)):
    table = nn.Embedding(1000, d)
    nn.init.normal_(table.weight, std=std)
    for scale in (1.0, d**0.5):
        words = scale * table(tokens)
        ratio = words.square().mean().sqrt() / places.square().mean().sqrt()
        factor = "sqrt(d)" if scale > 1 else "1"
        print(f"{name}, times {factor}: words are {ratio:.2g} x positions")
