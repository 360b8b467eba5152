import cv2
import numpy as np


def parts(mask):
    return cv2.connectedComponents(mask)[0] - 1


coins = np.zeros((90, 130), np.uint8)
cv2.circle(coins, (45, 45), 25, 255, -1)
cv2.circle(coins, (85, 45), 25, 255, -1)  # they overlap a little

for size in (15, 31, 45, 61):
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    eroded = cv2.erode(coins, disk)
    opened = cv2.dilate(eroded, disk)
    print(f"disk of {size}: eroded {parts(eroded)}, opened {parts(opened)}")
