import torch
import torch.nn.functional as F

# 4 cells of 8 pixels; each value is where the middle of its cell lies
cells = torch.tensor([3.5, 11.5, 19.5, 27.5]).view(1, 1, 1, 4)
pixels = torch.arange(32.0)
for aligned in (False, True):
    how = {"mode": "bilinear", "align_corners": aligned}
    up = F.interpolate(cells, (1, 32), **how)
    apart = (up[0, 0, 0] - pixels)[4:28]  # inside of the outermost middles
    print(
        f"align_corners={aligned}: off by {apart.abs().max():.1f} pixels,"
        f" {apart[0]:+.1f} at the left and {apart[-1]:+.1f} at the right"
    )
