import cv2
import numpy as np
from skimage import data

tiny = np.array([[126, 127, 128]], np.uint8)
print("t = 127:", tiny, "->", cv2.threshold(tiny, 127, 255, 0)[1])

gray = data.camera()
unit = gray.astype(np.float32) / 255  # 0..1, and yet t = 127
print("float image, brightest:", cv2.threshold(unit, 127, 255, 0)[1].max())

color = cv2.threshold(data.coffee(), 100, 255, 0)[1]  # channels apart
shades = np.unique(color.reshape(-1, 3), axis=0)
print("color image:", color.shape, "more than two:", len(shades) > 2)

mean, c = cv2.ADAPTIVE_THRESH_MEAN_C, 2.5
white = cv2.adaptiveThreshold(gray, 255, mean, cv2.THRESH_BINARY, 11, c)
black = cv2.adaptiveThreshold(gray, 255, mean, cv2.THRESH_BINARY_INV, 11, c)
print(f"255 in both: {np.mean((white > 0) & (black > 0)):.1%}")

mask = cv2.threshold(gray, 102, 255, 0)[1]
jpeg = cv2.imdecode(cv2.imencode(".jpg", mask)[1], cv2.IMREAD_GRAYSCALE)
small = cv2.resize(mask, None, fx=0.7, fy=0.7)
for name, image in (("mask", mask), ("JPEG", jpeg), ("resized", small)):
    print(f"{name}: only 0 and 255:", len(np.unique(image)) == 2)
