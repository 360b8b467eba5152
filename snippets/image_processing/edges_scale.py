import cv2
import numpy as np


def smallest_step(high: float, sigma: float, aperture: int = 3) -> int:
    """The lowest step, in gray levels, that becomes an edge."""
    for levels in range(1, 256):
        step = np.zeros((32, 32), np.uint8)
        step[:, 16:] = levels
        if sigma:
            exact = cv2.ALGO_HINT_ACCURATE  # the same on every machine
            step = cv2.GaussianBlur(step, (0, 0), sigma, hint=exact)
        if cv2.Canny(step, high, high, apertureSize=aperture).any():
            return levels
    return 256


print("high = 100, sharp step         ", smallest_step(100, 0))
print("high = 100, sigma 1.4          ", smallest_step(100, 1.4))
print("high = 100, sigma 1.4, 5 × 5   ", smallest_step(100, 1.4, 5))

unit = 0.9 * (np.arange(64) > 31) * np.ones((64, 1))  # from 0 to 1
cast = cv2.Canny(unit.astype(np.uint8), 50, 150)  # 0.9 becomes 0
scaled = cv2.Canny((255 * unit).round().astype(np.uint8), 50, 150)
print("edges in a cast, a scaled image", cast.any(), scaled.any())
