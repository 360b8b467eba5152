import cv2
from skimage import data

image = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)

height, width, channels = image.shape  # rows come first
print(f"{width} wide, {height} high, {channels} channels, {image.dtype}")

gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
print("a gray image has no channel axis:", gray.shape)

blue, green, red = image[30, 150]  # row 30, column 150
print(f"B {blue}, G {green}, R {red}")

face = image[60:210, 170:280].copy()  # rows 60..209, columns 170..279
print("a cut-out:", face.shape, "whose mean is", face.mean().round())
