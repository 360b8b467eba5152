import torch
import torch.nn.functional as F

y, x = torch.meshgrid(*[torch.arange(128.0)] * 2, indexing="ij")
inside = 40 - torch.hypot(x - 61, y - 66)  # a disk, as a signed distance
labels = (inside > 0).long()

logits = torch.stack([-inside, inside])[None]
low = F.interpolate(logits, (32, 32), mode="bilinear")  # 1/4
late = F.interpolate(low, (128, 128), mode="bilinear").argmax(1)[0]
early = low.argmax(1, keepdim=True).float()
early = F.interpolate(early, (128, 128), mode="nearest")[0, 0].long()
for name, called in (("enlarge, argmax", late), ("argmax, enlarge", early)):
    print(f"{name}: {int((called != labels).sum())} wrong pixels")
