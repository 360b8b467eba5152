import cv2
import numpy as np
from skimage import color, data

blue = np.array([[[255, 0, 0]]], np.uint8)  # BGR
unit = blue.astype(np.float32) / 255
for name in ("HSV", "LAB"):
    code = getattr(cv2, f"COLOR_BGR2{name}")
    as_float = np.rint(cv2.cvtColor(unit, code)[0, 0]).astype(int)
    print(name, cv2.cvtColor(blue, code)[0, 0], "float", as_float)

h = np.array([178], np.uint8)
wide = h.astype(int)
print("hue 178 + 90: uint8", (h + 90) % 180, "int", (wide + 90) % 180)

photo = data.astronaut()
gray = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
swapped = cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY)
for name, other in (
    ("scikit-image", 255 * color.rgb2gray(photo)),
    ("R and B exchanged", swapped),
):
    gap = np.abs(other - gray.astype(float)).max()
    print(f"gray, {name}: off by up to {gap:.0f}")
