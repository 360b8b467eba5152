import cv2
import numpy as np
from skimage import data

image = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2GRAY)  # gray uint8
true = np.array([[0.78, -0.3, 140], [0.26, 0.8, -10], [1e-4, 2e-4, 1]])
view = cv2.warpPerspective(image, true, (512, 512))

orb = cv2.ORB_create(nfeatures=3000)
p, a = orb.detectAndCompute(image, None)
q, b = orb.detectAndCompute(view, None)
if a is None or b is None:
    raise SystemExit("an image without features")

pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(a, b, k=2)
good = [m for m, n in pairs if m.distance < 0.8 * n.distance]
source = np.float32([p[m.queryIdx].pt for m in good])
target = np.float32([q[m.trainIdx].pt for m in good])

h, mask = cv2.findHomography(source, target, cv2.USAC_MAGSAC, 3.0)
if h is None or mask.sum() < 20:
    raise SystemExit("too few matches agree")
corners = np.float32([[[0, 0]], [[511, 0]], [[511, 511]], [[0, 511]]])
gap = cv2.perspectiveTransform(corners, h)
gap -= cv2.perspectiveTransform(corners, true)
print("corners within 1 px:", bool(np.linalg.norm(gap, axis=2).max() < 1))
