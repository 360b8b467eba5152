import cv2
import numpy as np
from skimage import data

image = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)

for extension in (".png", ".bmp", ".webp", ".jpg"):
    stored = cv2.imencode(extension, image)[1]
    color = cv2.imdecode(stored, cv2.IMREAD_COLOR)
    converted = cv2.cvtColor(color, cv2.COLOR_BGR2GRAY)
    decoded = cv2.imdecode(stored, cv2.IMREAD_GRAYSCALE)
    apart = cv2.absdiff(converted, decoded)
    share = 100 * np.count_nonzero(apart) / apart.size
    print(f"{extension:<5} {share:>5.2f} % of pixels, up to {apart.max()}")
