import cv2
import numpy as np

image = np.full((5, 5), 100, np.uint8)  # nothing but gray
ones = np.ones((3, 3), np.uint8)
left = np.array([[1, 0, -1], [0, 1, 0]], np.float32)  # move 1 pixel left
constant = cv2.BORDER_CONSTANT
results = {
    "blur": cv2.blur(image, (3, 3)),
    "medianBlur": cv2.medianBlur(image, 3),
    "erode": cv2.erode(image, ones),
    "warpAffine": cv2.warpAffine(image, left, (5, 5)),
    "blur, constant": cv2.blur(image, (3, 3), borderType=constant),
    "erode, 0 outside": cv2.erode(
        image, ones, borderType=constant, borderValue=0
    ),
}
for name, result in results.items():
    print(f"{name:<17}", *result[0])
