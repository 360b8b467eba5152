import cv2
import numpy as np

dark, light = np.full((2, 2), 50, np.uint8), np.full((2, 2), 200, np.uint8)

print("light + light:  numpy", (light + light)[0, 0], end="")
print("  cv2", cv2.add(light, light)[0, 0])
print("dark - light:   numpy", (dark - light)[0, 0], end="")
print("  cv2", cv2.subtract(dark, light)[0, 0])
print("|dark - light|: numpy", np.abs(dark - light)[0, 0], end="")
print("  cv2", cv2.absdiff(dark, light)[0, 0])
print("mean of light:  numpy", ((light + light) // 2)[0, 0], end="")
print("   cv2", cv2.addWeighted(light, 0.5, light, 0.5, 0)[0, 0])

print("1.5 x light:    numpy", (1.5 * light)[0, 0], end="")  # float64
print(" cv2", cv2.multiply(light, 1.5)[0, 0])

try:
    print(light + 300)
except OverflowError as error:
    print("light + 300:   ", error)
