import cv2
from skimage import data

page = data.page()  # uint8, (191, 384)
sky = cv2.cvtColor(data.hubble_deep_field(), cv2.COLOR_RGB2GRAY)

# a fixed threshold: strictly greater becomes 255
t, mask = cv2.threshold(page, 127, 255, cv2.THRESH_BINARY)
print(f"page, fixed    t = {t:.0f}")

# Otsu ignores the 0 and returns the threshold that it found
otsu = cv2.THRESH_BINARY | cv2.THRESH_OTSU
t, mask = cv2.threshold(sky, 0, 255, otsu)
print(f"sky, Otsu      t = {t:.0f}, {(mask > 0).mean():.1%} bright")

# triangle: for one large peak with a long tail
triangle = cv2.THRESH_BINARY | cv2.THRESH_TRIANGLE
t, mask = cv2.threshold(sky, 0, 255, triangle)
print(f"sky, triangle  t = {t:.0f}, {(mask > 0).mean():.1%} bright")

# a threshold for every pixel: the mean of 31 x 31 minus 10
mask = cv2.adaptiveThreshold(
    page, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 31, 10
)
print(f"page, adaptive {(mask == 0).mean():.0%} ink")
