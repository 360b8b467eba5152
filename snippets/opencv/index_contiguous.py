import cv2
import numpy as np

image = np.zeros((60, 80, 3), np.uint8)

rgb = image[..., ::-1]  # a view with strides (240, 3, -1)
print("reading is fine:", cv2.GaussianBlur(rgb, (3, 3), 0).shape)
try:
    cv2.circle(rgb, (40, 30), 9, (255, 255, 255), -1)
except cv2.error as error:
    print("drawing is not:", "Layout" in str(error))

packed = np.ascontiguousarray(rgb)  # a copy, in RGB
cv2.circle(packed, (40, 30), 9, (255, 255, 255), -1)
print("drawn on the copy:", packed.any(), "on the image:", image.any())

box = image[20:40, 30:50]  # rows apart, pixels packed: OpenCV can
cv2.circle(box, (10, 10), 9, (255, 255, 255), -1)
print("contiguous:", box.flags.c_contiguous, "on the image:", image.any())
