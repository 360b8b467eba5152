import cv2
import numpy as np
import torch
from torch.nn import functional

stripes = np.tile(np.float32([[0, 0, 0, 255, 255]]), (240, 48))  # period 5
batch = torch.from_numpy(stripes)[None, None]
size = (60, 60)  # shrunk by 4: 1.25 pixels a period cannot be shown

area = cv2.INTER_AREA
small = {
    "cv2 INTER_LINEAR": cv2.resize(stripes, size),
    "cv2 INTER_AREA": cv2.resize(stripes, size, interpolation=area),
}
for smooth in (False, True):
    out = functional.interpolate(
        batch,
        size,
        mode="bilinear",
        antialias=smooth,
    )
    small[f"torch antialias={smooth}"] = out[0, 0].numpy()
for name, image in small.items():
    low, high = image[:, 5:-5].min(), image[:, 5:-5].max()
    print(f"{name:<22} gray levels {low:3.0f} to {high:3.0f}")
