import cv2
import numpy as np

bar = np.zeros((5, 8), np.uint8)
bar[:, 3:6] = 200  # a bright bar: one edge up, one edge down

kept = cv2.Sobel(bar, cv2.CV_16S, 1, 0)
clipped = cv2.Sobel(bar, cv2.CV_8U, 1, 0)  # -1 means the same here
late = np.abs(clipped.astype(np.int16))  # too late: the sign is gone
shown = cv2.convertScaleAbs(kept)  # |x|, and 255 for all above

for name, image in {
    "image": bar,
    "CV_16S": kept,
    "CV_8U": clipped,
    "abs of CV_8U": late,
    "convertScaleAbs": shown,
}.items():
    print(f"{name:<16}", *[f"{value:5d}" for value in image[2]])
