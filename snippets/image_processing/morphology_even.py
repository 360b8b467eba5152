import cv2
import numpy as np

square = np.zeros((12, 12), np.uint8)
square[4:8, 4:8] = 255

for size in (3, 2):
    element = np.ones((size, size), np.uint8)
    opened = cv2.morphologyEx(square, cv2.MORPH_OPEN, element)
    rows, columns = np.nonzero(opened)
    print(
        f"opened by {size} x {size}: rows {rows.min()}-{rows.max()}, "
        f"columns {columns.min()}-{columns.max()}"
    )

element = np.ones((2, 2), np.uint8)
eroded = cv2.erode(square, element)  # anchor (1, 1)
opened = cv2.dilate(eroded, element, anchor=(0, 0))
print("2 x 2, anchor turned: equal", np.array_equal(opened, square))
