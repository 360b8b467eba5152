import cv2
import numpy as np
from skimage import data

image = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)

b, g, r = cv2.split(image)  # three copies
view = image[:, :, 2]  # no copy: every third byte of the image
print("split shares:", np.shares_memory(r, image), "strides", r.strides)
shared = np.shares_memory(view, image)
print("slice shares:", shared, "strides", view.strides)
assert np.array_equal(r, view)

no_red = image.copy()
no_red[:, :, 2] = 0  # write through the view, no split and no merge
assert np.array_equal(no_red, cv2.merge([b, g, np.zeros_like(r)]))

try:
    cv2.circle(image[:, :, 2], (256, 256), 50, 255)  # draw into one channel
except cv2.error as error:
    print("slice:", str(error).partition(" - ")[2].splitlines()[0])
plane = cv2.extractChannel(image, 2)  # one copy, and drawing works
cv2.circle(plane, (256, 256), 50, 255)
cv2.insertChannel(plane, image, 2)  # back into its place
print("red drawn at (306, 256):", image[256, 306, 2])
