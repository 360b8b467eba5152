import torch
from torch import nn
from torch.nn.functional import pad


def pyramid(x):
    levels = (nn.AdaptiveMaxPool2d(n)(x).flatten(1) for n in (1, 2, 4))
    return torch.cat(list(levels), dim=1)


torch.manual_seed(0)
maps = [torch.randn(8, 9, 12).relu(), torch.randn(8, 14, 10).relu()]
try:
    torch.stack(maps)
except RuntimeError as problem:
    print("refused:", str(problem).split(",")[0])

padded = torch.stack(
    [pad(x, (0, 12 - x.shape[2], 0, 14 - x.shape[1])) for x in maps]
)
alone = torch.cat([pyramid(x[None]) for x in maps])
changed = (pyramid(padded) != alone).float().mean(dim=1)
print("zeros around, then pooled: shape", tuple(pyramid(padded).shape))
first, second = changed.tolist()
print(f"share of numbers that changed: {first:.2f} and {second:.2f}")

body = nn.Conv2d(8, 8, 3, padding=1)
rows = torch.cat([pyramid(body(x[None])) for x in maps])  # one by one
print("one map at a time, then one batch:", tuple(rows.shape))
