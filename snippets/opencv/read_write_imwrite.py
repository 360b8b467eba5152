from pathlib import Path

import cv2
import numpy as np

logging = cv2.utils.logging
logging.setLogLevel(logging.LOG_LEVEL_SILENT)

small = np.zeros((100, 100), np.uint8)
wide = np.zeros((100, 70000), np.uint8)  # a JPEG side ends at 65500

print("first:     ", cv2.imwrite("panorama.jpg", small))
print("too wide:  ", cv2.imwrite("panorama.jpg", wide))
print("old file:  ", "there" if Path("panorama.jpg").exists() else "gone")
print("no folder: ", cv2.imwrite("no/such/folder.png", small))
try:
    cv2.imwrite("image.jpgg", small)
except cv2.error as error:
    print("extension: ", str(error).split(") ")[2].split(" in ")[0])
