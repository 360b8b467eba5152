import torch
import torch.nn.functional as F

# A map of 60 in 3 bins: pixels 10, 30 and 50 are in the middle of one each
for aligned in (True, False):
    own = []
    for i in range(3):
        bins = torch.zeros(1, 1, 1, 3)
        bins[..., i] = 1
        how = {"mode": "bilinear", "align_corners": aligned}
        told = F.interpolate(bins, (1, 60), **how)[0, 0, 0]
        own.append(f"{told[20 * i + 10]:.0%}")
    print(f"align_corners={aligned!s:<6} of its own bin it hears", *own)
