import cv2
import numpy as np
from skimage import data
from skimage.metrics import structural_similarity

x = data.camera()
y = cv2.GaussianBlur(x, (0, 0), 2)


def mean(image: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(image, (11, 11), 1.5)  # float64 in and out


a, b = x.astype(np.float64), y.astype(np.float64)
ma, mb = mean(a), mean(b)
va, vb = mean(a * a) - ma * ma, mean(b * b) - mb * mb
vab = mean(a * b) - ma * mb
c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
local = (2 * ma * mb + c1) * (2 * vab + c2)
local /= (ma * ma + mb * mb + c1) * (va + vb + c2)
value = local[5:-5, 5:-5].mean()  # without the windows that hang over

as_published = {"gaussian_weights": True, "use_sample_covariance": False}
theirs = structural_similarity(x, y, data_range=255, **as_published)
print(f"OpenCV {value:.4f}, scikit-image {theirs:.4f}")
assert abs(value - theirs) < 1e-9
