import cv2
import numpy as np
from skimage import data

x = data.camera()
y = np.clip(x.astype(int) - 20, 0, 255).astype(np.uint8)  # darker

wrapped = np.mean((y - x) ** 2)  # uint8 all along: modulo 256, twice
widened = np.mean((y.astype(float) - x) ** 2)
saturated = np.mean(cv2.subtract(y, x).astype(float) ** 2)
absolute = np.mean(cv2.absdiff(y, x).astype(float) ** 2)

print("one pixel 5 - 9 in uint8:", np.uint8([5]) - np.uint8([9]))
print(f"uint8 arithmetic       {wrapped:7.2f}")
print(f"cv2.subtract saturates {saturated:7.2f}")
print(f"float64                {widened:7.2f}")
print(f"cv2.absdiff            {absolute:7.2f}")

same = np.abs(y - x)  # "absolute" of what has wrapped already
print("largest |y - x| in uint8:", same.max(), "true: 20")
