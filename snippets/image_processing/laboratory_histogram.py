import cv2
import matplotlib.pyplot as plt
import numpy as np
from skimage.data import moon

image = np.ascontiguousarray(moon()[100:356, 100:356])  # (256, 256), uint8
low, high = np.percentile(image, [5, 95])
print(f"90% of the pixels lie between {low:.0f} and {high:.0f}")

counts = np.bincount(image.ravel(), minlength=256)
below = counts.cumsum()
start = below[counts > 0][0]  # pixels at the darkest level
table = np.rint((below - start).clip(0) * (255 / (image.size - start)))
equalized = table.astype(np.uint8)[image]
reference = cv2.equalizeHist(image)
print(f"{(equalized != reference).sum()} pixels differ from OpenCV")

clahe = cv2.createCLAHE(clipLimit=3, tileGridSize=(4, 4)).apply(image)
named = {"original": image, "equalized": equalized, "CLAHE": clahe}
figure, rows = plt.subplots(2, 3, figsize=(7, 4.2), layout="constrained")
for above, beneath, name in zip(*rows, named, strict=True):
    above.imshow(named[name], cmap="gray", vmin=0, vmax=255)
    above.set(title=name, xticks=[], yticks=[])
    beneath.hist(named[name].ravel(), bins=64, range=(0, 256))
    beneath.set(yticks=[], xlabel="gray level")
