import cv2
import numpy as np

print("size  center weights, sigma 0      center weights, its rule")
for size in (3, 5, 7, 9, 11):
    rule = 0.3 * ((size - 1) / 2 - 1) + 0.8
    x = np.arange(size) - size // 2
    gauss = np.exp(-(x**2) / (2 * rule**2))
    gauss /= gauss.sum()
    theirs = cv2.getGaussianKernel(size, 0)[:, 0]
    middle = slice(size // 2, size // 2 + 2)
    a, b = theirs[middle], gauss[middle]
    same = np.allclose(theirs, gauss, rtol=0, atol=1e-12)
    print(
        f"{size:>4}  {a[0]:.4f} {a[1]:.4f}                "
        f"{b[0]:.4f} {b[1]:.4f}  {'same' if same else 'other'}"
    )
