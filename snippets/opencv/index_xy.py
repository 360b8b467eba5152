import cv2
import numpy as np

canvas = np.zeros((40, 100), np.uint8)  # shape: 40 rows, 100 columns
cv2.circle(canvas, (80, 10), 0, 255)  # point: x = 80, y = 10
print("shape (rows, columns):     ", canvas.shape)
print("white at [row, column]:    ", np.argwhere(canvas)[0])
print("white at (x, y):           ", cv2.findNonZero(canvas).ravel())
print("box (x, y, width, height): ", cv2.boundingRect(canvas))

half = cv2.resize(canvas, (50, 20))  # dsize: (width, height)
print("resize to (50, 20) gives:  ", half.shape)

swapped = cv2.resize(canvas, canvas.shape)  # the classic mistake
print("resize to its shape gives: ", swapped.shape)
