from pathlib import Path

import cv2
import numpy as np
from skimage import data

image = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)
file = Path("照片", "宇航员.png")  # any path that Python can open
file.parent.mkdir()

done, encoded = cv2.imencode(".png", image)
assert done
encoded.tofile(file)

stored = np.fromfile(file, np.uint8)
again = cv2.imdecode(stored, cv2.IMREAD_COLOR)
assert again is not None
print(file.stat().st_size == encoded.size, np.array_equal(again, image))
