import cv2
import numpy as np
from skimage.data import camera

clean = camera()  # (512, 512), uint8
noise = np.random.default_rng(0).normal(0, 10, clean.shape)
noisy = (clean + noise).clip(0, 255).round().astype(np.uint8)


def share(image: np.ndarray, *thresholds: float, **options: int) -> str:
    edges = cv2.Canny(image, *thresholds, **options)
    return f"{(edges > 0).mean():6.1%}"


smooth = cv2.GaussianBlur(noisy, (5, 5), 1.4)
print("clean, not smoothed     ", share(clean, 50, 150))
print("noise 10, not smoothed  ", share(noisy, 50, 150))
print("noise 10, smoothed      ", share(smooth, 50, 150))
print("thresholds swapped      ", share(smooth, 150, 50))
print("L2gradient=True         ", share(smooth, 50, 150, L2gradient=True))
print("apertureSize=5          ", share(smooth, 50, 150, apertureSize=5))
