import cv2
import numpy as np
from skimage import data

photograph = data.text()
points = [[157, 17], [400, 112], [307, 151], [64, 40]]
corners = np.array(points, np.float32)
width, height = 480, 160
right, low = width - 1, height - 1  # centers of the last pixels
flat = np.float32([[0, 0], [right, 0], [right, low], [0, low]])

matrix = cv2.getPerspectiveTransform(corners, flat)
page = cv2.warpPerspective(
    photograph, matrix, (width, height), flags=cv2.INTER_CUBIC
)
print("photograph", photograph.shape, "page", page.shape)

back = np.linalg.inv(matrix) @ [right, low, 1]  # where (479, 159) was
assert np.allclose(back[:2] / back[2], corners[2], atol=1e-3)
