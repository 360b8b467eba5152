import cv2
import numpy as np
from skimage import data

orb = cv2.ORB_create()
flat = np.full((200, 200), 128, np.uint8)
keypoints, nothing = orb.detectAndCompute(flat, None)
print("flat image:", len(keypoints), "keypoints, descriptors", nothing)

image = data.camera()
points, bits = orb.detectAndCompute(image, None)
print("ORB:", bits.shape, bits.dtype, "keypoint (x, y):", points[0].pt)

lone = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(bits, bits[:1], k=2)
print("knnMatch with one candidate:", len(lone[0]), "neighbor, not 2")

try:
    orb.detectAndCompute(image / 255, None)
except cv2.error:
    print("float64 image: cv2.error")

line = np.float32([[x, 2 * x] for x in range(0, 100, 10)])
h, _ = cv2.findHomography(line, line + 5, 0)
print("points on one line:", "no H" if h is None else "an H, no warning")
