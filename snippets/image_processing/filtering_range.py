import cv2
import numpy as np

edge = np.zeros((21, 21), np.float32)
edge[:, 11:] = 1  # a float image in 0 .. 1

for sigma_color in (60, 60 / 255):
    y = cv2.bilateralFilter(edge, 9, sigma_color, 2)
    print(f"sigma_color {sigma_color:6.3f}:", *y[10, 8:14].round(2))
