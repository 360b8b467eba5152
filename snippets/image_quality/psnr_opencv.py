import cv2
import numpy as np
from skimage import data
from skimage.metrics import peak_signal_noise_ratio

x = data.astronaut()
noise = np.random.default_rng(0).normal(0, 10, x.shape)
y = np.clip(np.rint(x + noise), 0, 255).astype(np.uint8)
print(f"uint8           {cv2.PSNR(x, y):.2f} dB")

a, b = (image.astype(np.float32) / 255 for image in (x, y))
print(f"float, R left   {cv2.PSNR(a, b):.2f} dB: R is still 255")
print(f"float, R = 1    {cv2.PSNR(a, b, R=1.0):.2f} dB")
print(f"the difference  {20 * np.log10(255):.2f} dB")

print(f"\nidentical: cv2 {cv2.PSNR(x, x):.2f} dB")
with np.errstate(divide="ignore"):
    exact = peak_signal_noise_ratio(x, x, data_range=255)
print(f"identical: scikit-image {exact} dB")

p, q = a * 2 - 1, b * 2 - 1  # [-1, 1], as generators put out
for size in (1, 2):
    value = peak_signal_noise_ratio(p, q, data_range=size)
    print(f"[-1, 1], data_range {size}: {value:.2f} dB")
