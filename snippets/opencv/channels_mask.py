import cv2
from skimage import data

photo = data.stereo_motorcycle()[0]  # a red motorcycle, RGB
hsv = cv2.cvtColor(photo, cv2.COLOR_RGB2HSV)

# red lies on both sides of 0: two ranges of H, colorful and not too dark
low = cv2.inRange(hsv, (0, 150, 60), (8, 255, 255))
high = cv2.inRange(hsv, (172, 150, 60), (179, 255, 255))
mask = low | high
for name, part in (("0..8", low), ("172..179", high), ("both", mask)):
    print(f"hue {name:<9}{(part > 0).mean():>6.1%} of the pixels")

wrong = cv2.inRange(hsv, (172, 150, 60), (8, 255, 255))
print("lower bound above the upper:", cv2.countNonZero(wrong), "pixels")

# remove specks, close gaps
kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
clean = cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel)
clean = cv2.morphologyEx(clean, cv2.MORPH_CLOSE, kernel)
n, _, stats, _ = cv2.connectedComponentsWithStats(clean)
areas = sorted(stats[1:, cv2.CC_STAT_AREA].tolist(), reverse=True)
print("pieces before", cv2.connectedComponents(mask)[0] - 1, "after", n - 1)
print("the two largest hold", f"{sum(areas[:2]) / sum(areas):.0%}")
