import cv2
import numpy as np

logging = cv2.utils.logging
logging.setLogLevel(logging.LOG_LEVEL_ERROR)  # not its warnings

deep = np.array([[0, 200, 255, 256, 1000, 65535]], np.uint16)
unit = np.array([[0.0, 0.2, 0.4, 0.6, 0.8, 1.0]], np.float32)
scaled = np.rint(255 * unit).astype(np.uint8)
print("deep is", deep[0])

for name, image, extension, flag in (
    ("deep, PNG, UNCHANGED", deep, ".png", cv2.IMREAD_UNCHANGED),
    ("deep, PNG, GRAYSCALE", deep, ".png", cv2.IMREAD_GRAYSCALE),
    ("deep, BMP, UNCHANGED", deep, ".bmp", cv2.IMREAD_UNCHANGED),
    ("unit, PNG, UNCHANGED", unit, ".png", cv2.IMREAD_UNCHANGED),
    ("scaled, PNG, UNCHANGED", scaled, ".png", cv2.IMREAD_UNCHANGED),
):
    stored = cv2.imencode(extension, image)[1]
    again = cv2.imdecode(stored, flag)
    assert again is not None
    print(f"{name:<23}", again[0])
