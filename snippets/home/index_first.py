import cv2
from skimage.data import coffee

gray = cv2.cvtColor(coffee(), cv2.COLOR_RGB2GRAY)  # (400, 600), uint8
smooth = cv2.GaussianBlur(gray, (5, 5), 1.4)
edges = cv2.Canny(smooth, 50, 150)  # 255 on an edge, 0 elsewhere
cv2.imwrite("edges.png", edges)
print(f"{edges.shape} {edges.dtype}, {(edges > 0).mean():.1%} are edges")
