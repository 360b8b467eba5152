import cv2
import numpy as np

labels = np.zeros((64, 64), np.uint8)  # 0 background, 1 and 2 two classes
cv2.circle(labels, (32, 32), 20, 2, -1)
cv2.circle(labels, (20, 20), 8, 1, -1)

for extension in (".png", ".jpg"):
    stored = cv2.imencode(extension, labels)[1]
    again = cv2.imdecode(stored, cv2.IMREAD_UNCHANGED)
    wrong = np.count_nonzero(again != labels)
    print(f"{extension}: classes {np.unique(again)}, {wrong} pixels wrong")
