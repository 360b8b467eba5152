import torch
import torch.nn.functional as F

# Features of a street: sky above, road below, trees on the right half only
street = torch.zeros(1, 3, 60, 120)
street[:, 0, :30], street[:, 1, 30:], street[:, 2, :, 60:] = 1, 1, 1
seen = {"whole": street, "left crop": street[..., :60]}
seen["right crop"] = street[..., 60:]
for name, x in seen.items():
    (mean,) = F.adaptive_avg_pool2d(x, 1).flatten(1).tolist()
    corner = F.adaptive_avg_pool2d(x, 2)[0, :, 0, 1].tolist()
    print(f"{name:<11} 1 × 1: {mean}   2 × 2, upper right: {corner}")
