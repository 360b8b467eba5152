import cv2
import numpy as np
from skimage import data

image = data.camera()
three, five = np.ones((3, 3), np.uint8), np.ones((5, 5), np.uint8)

again = cv2.morphologyEx(image, cv2.MORPH_OPEN, three, iterations=2)
once = cv2.morphologyEx(image, cv2.MORPH_OPEN, three)
twice = cv2.morphologyEx(once, cv2.MORPH_OPEN, three)
larger = cv2.morphologyEx(image, cv2.MORPH_OPEN, five)

print("open(open(x)) is open(x):          ", np.array_equal(twice, once))
print("iterations=2 is open(open(x)):     ", np.array_equal(again, twice))
print("iterations=2 is one open by 5 x 5: ", np.array_equal(again, larger))
