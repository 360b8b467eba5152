import cv2
import numpy as np

page = np.full((60, 100), 255, np.uint8)  # black strokes on white
page[10:50, 20:25] = 0
page[10:15, 20:80] = 0
element = np.ones((3, 3), np.uint8)

print("ink before:           ", (page == 0).sum())
print("ink after erode:      ", (cv2.erode(page, element) == 0).sum())
print("eroded as white ink:  ", (cv2.erode(255 - page, element) > 0).sum())
