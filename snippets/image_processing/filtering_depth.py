import cv2
import numpy as np

step = np.uint8([[200, 200, 200, 50, 50, 200, 200, 200]])
difference = np.float32([[-1, 0, 1]])

clipped = cv2.filter2D(step, -1, difference)  # uint8 in, uint8 out
kept = cv2.filter2D(step, cv2.CV_32F, difference)
print("ddepth -1:     ", *clipped[0])
print("ddepth CV_32F: ", *kept[0].astype(int))
