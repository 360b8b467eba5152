import cv2
import numpy as np
from skimage import data

gray = data.camera().astype(np.float64)
column = cv2.getGaussianKernel(9, sigma=1.5).ravel()
row = column
kernel = np.outer(column, row)
two = cv2.sepFilter2D(gray, cv2.CV_64F, kernelX=row, kernelY=column)
one = cv2.filter2D(gray, cv2.CV_64F, kernel)
print("9 × 9 Gaussian: two passes equal one:", np.allclose(two, one))

disc = (np.hypot(*np.mgrid[-4:5, -4:5]) <= 4).astype(float)
u, s, v = np.linalg.svd(disc)
total = np.zeros_like(gray)
exact = cv2.filter2D(gray, cv2.CV_64F, disc)
for term in range(np.linalg.matrix_rank(disc)):
    y, x = s[term] * u[:, term], v[term]
    total += cv2.sepFilter2D(gray, cv2.CV_64F, kernelX=x, kernelY=y)
    print(f"disc, {term + 1} pairs: equal {np.allclose(total, exact)}")
