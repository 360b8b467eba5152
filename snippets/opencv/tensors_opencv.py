import cv2
import numpy as np
import torch
from skimage import data

bgr = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)  # as from imread

# to a batch of one: (1, 3, h, w), RGB, float32, 0..1
rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
x = torch.from_numpy(rgb).permute(2, 0, 1).float().div(255)[None]
print("batch", tuple(x.shape), x.dtype)

# what most pretrained networks expect: mean and std of R, G, B
mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
std = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
z = (x - mean) / std

# and back: undo, clamp, scale, round, then uint8 and (h, w, 3)
y = (z * std + mean)[0].float().clamp(0, 1).mul(255).round()
image = y.to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
back = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
print("bytes changed:", np.count_nonzero(back != bgr))
