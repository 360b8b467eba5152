import cv2
import numpy as np

image = np.full((5, 5, 3), 100, np.uint8)

print("add 130          ", cv2.add(image, 130)[0, 0])
print("max 130          ", cv2.max(image, 130)[0, 0])
print("or 130           ", cv2.bitwise_or(image, 130)[0, 0])
print("inRange 90, 110  ", cv2.inRange(image, 90, 110)[0, 0])

all_channels = (130, 130, 130, 0)  # a Scalar has four numbers
print("max, a Scalar    ", cv2.max(image, all_channels)[0, 0])
print("np.maximum       ", np.maximum(image, 130)[0, 0])

levels = np.array([200, 250], np.uint8)  # up to four numbers in a row
print("levels + 100     ", cv2.add(levels, 100).ravel())
print("as an image      ", cv2.add(levels[None], 100).ravel())
