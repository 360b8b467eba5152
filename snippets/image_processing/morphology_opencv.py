import cv2
import numpy as np
from skimage import data

mask = np.where(data.horse(), 0, 255).astype(np.uint8)  # white horse
hit = np.random.default_rng(0).random(mask.shape)
noisy = mask.copy()
noisy[hit < 0.01] = 0  # pepper: holes in the horse
noisy[hit > 0.99] = 255  # salt: dots around it

disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
opened = cv2.morphologyEx(noisy, cv2.MORPH_OPEN, disk)  # salt goes
closed = cv2.morphologyEx(noisy, cv2.MORPH_CLOSE, disk)  # pepper goes
both = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, disk)
other = cv2.morphologyEx(closed, cv2.MORPH_OPEN, disk)

results = {
    "noisy": noisy,
    "open": opened,
    "close": closed,
    "open, then close": both,
    "close, then open": other,
}
for name, image in results.items():
    salt = (image > mask).sum()
    print(f"{name:<17} white too many {salt:>5}", end="")
    print(f"  too few {(image < mask).sum():>5}")
