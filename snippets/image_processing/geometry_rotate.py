import cv2
import numpy as np
from skimage import data


def rotate(image: np.ndarray, degrees: float) -> np.ndarray:
    """Turned counterclockwise, in a canvas that holds all of it."""
    h, w = image.shape[:2]
    center = (w - 1) / 2, (h - 1) / 2  # not (w / 2, h / 2)
    matrix = cv2.getRotationMatrix2D(center, degrees, 1)
    c, s = abs(matrix[0, 0]), abs(matrix[0, 1])
    width = int(np.ceil(w * c + h * s - 1e-6))
    height = int(np.ceil(w * s + h * c - 1e-6))
    matrix[0, 2] += (width - 1) / 2 - center[0]
    matrix[1, 2] += (height - 1) / 2 - center[1]
    return cv2.warpAffine(image, matrix, (width, height))


image = data.camera()[:, :300]
assert (rotate(image, 90) == np.rot90(image)).all()
print(image.shape, "by 30 degrees:", rotate(image, 30).shape)
