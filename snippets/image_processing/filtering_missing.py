import cv2
import numpy as np

depth = np.full((9, 9), 5, np.float32)  # meters
depth[3:6, 3:6] = np.nan  # the sensor saw nothing here
known = np.isfinite(depth).astype(np.float32)

naive = cv2.GaussianBlur(depth, (5, 5), 1)
print("NaN, naive:     ", np.isnan(naive).sum())

zeros = cv2.GaussianBlur(np.nan_to_num(depth), (5, 5), 1)
print("holes as zeros: ", zeros.min().round(2), "m at worst")

weight = cv2.GaussianBlur(known, (5, 5), 1)
mended = zeros / weight  # a mean over the known neighbors only
print("divided:        ", mended.min().round(2), "m at worst")
