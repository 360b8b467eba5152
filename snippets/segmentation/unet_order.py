import torch
from torch import nn

torch.manual_seed(0)
skip, up = torch.randn(2, 1, 8, 16, 16)
after = nn.Conv2d(16, 4, 3, padding=1)  # its weights name no half
right = after(torch.cat([skip, up], 1))
wrong = after(torch.cat([up, skip], 1))
print("shapes equal:", right.shape == wrong.shape)
apart = (right - wrong).std() / right.std()
print(f"outputs differ by {apart:.1f} of their size")
