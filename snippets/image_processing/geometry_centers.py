import cv2
import numpy as np
import torch
from torch.nn import functional

row = np.array([[0, 10, 20, 30]], np.float32)
batch = torch.from_numpy(row)[None, None]  # (b, c, h, w)


def by_torch(mode: str, **options: bool) -> np.ndarray:
    out = functional.interpolate(batch, size=(1, 8), mode=mode, **options)
    return out[0, 0, 0].numpy().round(1)


def by_cv2(flag: int) -> np.ndarray:
    return cv2.resize(row, (8, 1), interpolation=flag)[0].round(1)


print("cv2 INTER_LINEAR      ", by_cv2(cv2.INTER_LINEAR))
print("torch, default        ", by_torch("bilinear"))
print("torch, align_corners  ", by_torch("bilinear", align_corners=True))
nearest = by_cv2(cv2.INTER_NEAREST), by_cv2(cv2.INTER_NEAREST_EXACT)
assert (nearest[0] == by_torch("nearest")).all()
assert (nearest[1] == by_torch("nearest-exact")).all()
