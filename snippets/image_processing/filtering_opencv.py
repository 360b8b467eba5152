import cv2
import numpy as np
from skimage import data

clean = data.camera()
noisy = clean.copy()
noisy[np.random.default_rng(0).random(clean.shape) < 0.05] = 255

tent = np.float32([1, 2, 1]) / 4
results = {
    "noisy": noisy,
    "blur": cv2.blur(noisy, (5, 5)),
    "GaussianBlur": cv2.GaussianBlur(noisy, (0, 0), sigmaX=1.2),
    "sepFilter2D": cv2.sepFilter2D(noisy, -1, tent, tent),
    "medianBlur": cv2.medianBlur(noisy, 3),
    "bilateralFilter": cv2.bilateralFilter(noisy, 9, 60, 2),
}
for name, image in results.items():
    print(f"{name:<16} {cv2.PSNR(clean, image):.1f} dB")
