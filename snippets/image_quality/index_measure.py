import cv2
import numpy as np
from skimage import data
from skimage.metrics import (
    mean_squared_error,
    peak_signal_noise_ratio,
    structural_similarity,
)

x = data.camera()  # uint8, so the data range is 255
paper = {"gaussian_weights": True, "use_sample_covariance": False}
print("JPEG quality    MSE    PSNR    SSIM")
for quality in (90, 50, 10):
    code = cv2.imencode(".jpg", x, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    y = cv2.imdecode(code, cv2.IMREAD_GRAYSCALE)
    mse = mean_squared_error(x, y)
    psnr = peak_signal_noise_ratio(x, y, data_range=255)
    ssim = structural_similarity(x, y, data_range=255, **paper)
    print(f"{quality:>12}{mse:>7.1f}{psnr:>8.1f}{ssim:>8.3f}")
    assert np.isclose(psnr, 10 * np.log10(255**2 / mse))
