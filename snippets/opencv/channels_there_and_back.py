import cv2
import numpy as np

n = np.arange(1 << 24, dtype=np.uint32).reshape(4096, 4096)
colors = np.stack([n >> 16, n >> 8 & 255, n & 255], axis=2).astype(np.uint8)
for name in ("YCrCb", "HSV", "LAB"):
    there = cv2.cvtColor(colors, getattr(cv2, f"COLOR_BGR2{name}"))
    back = cv2.cvtColor(there, getattr(cv2, f"COLOR_{name}2BGR"))
    same = (back == colors).all(axis=2).mean()
    print(f"{name:<5} there and back: {same:.0%} of all colors unchanged")
