import cv2
import numpy as np

red, green = (200, 60, 40), (24, 150, 40)
disk = np.full((64, 64, 3), red, np.uint8)
cv2.circle(disk, (32, 32), 20, green, thickness=-1)

gray = cv2.cvtColor(disk, cv2.COLOR_RGB2GRAY)
print("gray levels of both colors", np.unique(gray))
for name, image in {"gray": gray, "color": disk}.items():
    edges = cv2.Canny(image, 50, 150)
    print(f"edge pixels, {name:<13}", np.count_nonzero(edges))
