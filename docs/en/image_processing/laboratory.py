# %% [markdown]
# # Laboratory: histogram equalization
#
# The images so far were well exposed. This one is not: the gray levels of the lunar surface crowd into a narrow band, and the craters hardly show.
# This page is a notebook; download it at the end, to run and to change cell by cell.
#
# <h2 id="look">Numbers first</h2>
#
# Where do the middle nine tenths of the pixels lie?

# %%
import cv2
import matplotlib.pyplot as plt
import numpy as np
from skimage.data import moon

image = np.ascontiguousarray(moon()[100:356, 100:356])  # (256, 256), uint8
low, high = np.percentile(image, [5, 95])
print(f"90% of the pixels lie between {low:.0f} and {high:.0f}")

# %% [markdown]
# Only a small part of the 256 levels is in use. Stretching 95 to 122 over 0 to 255 would be one remedy; equalization goes further and asks for equally many pixels at every level.
#
# <h2 id="equalize">Equalization looks up a cumulative table</h2>
#
# With $C(v)$ pixels no brighter than $v$, $C_0$ of them at the darkest level and $N$ in all, the new level is
#
# $$T(v) = \operatorname{round}\left(255\, \frac{C(v) - C_0}{N - C_0}\right)$$
#
# Where pixels are many $C$ climbs fast, and levels are pulled apart. Once the table is there, the whole image is one lookup, `table[image]`.

# %%
counts = np.bincount(image.ravel(), minlength=256)
below = counts.cumsum()
start = below[counts > 0][0]  # pixels at the darkest level
table = np.rint((below - start).clip(0) * (255 / (image.size - start)))
equalized = table.astype(np.uint8)[image]
reference = cv2.equalizeHist(image)
print(f"{(equalized != reference).sum()} pixels differ from OpenCV")

# %% [markdown]
# Pixel by pixel, this is `cv2.equalizeHist`.
#
# <h2 id="clahe">In tiles, with a limit: CLAHE</h2>
#
# Global equalization has one table for the whole image and stretches the noise of flat regions too. CLAHE gives each tile a table of its own and interpolates between tiles;
# what rises above a limit in a tile's histogram is cut off and shared among all levels, so that no level dominates.

# %% alt="The lunar surface as it is, equalized, and after CLAHE, with their histograms below: from one narrow peak to all gray levels"
clahe = cv2.createCLAHE(clipLimit=3, tileGridSize=(4, 4)).apply(image)
named = {"original": image, "equalized": equalized, "CLAHE": clahe}
figure, rows = plt.subplots(2, 3, figsize=(7, 4.2), layout="constrained")
for above, beneath, name in zip(*rows, named, strict=True):
    above.imshow(named[name], cmap="gray", vmin=0, vmax=255)
    above.set(title=name, xticks=[], yticks=[])
    beneath.hist(named[name].ravel(), bins=64, range=(0, 256))
    beneath.set(yticks=[], xlabel="gray level")

# %% [markdown]
# The middle histogram is not flat: equalization can move levels apart but cannot split the pixels of one level, and gaps remain.
# The right column shows more detail, and its large patterns of light and dark can no longer be trusted: after CLAHE a gray level is not a measure of brightness.
#
# <h2 id="try">Try it</h2>
#
# Set `clipLimit` to 40 and then to 0.5, and watch the noise in flat regions. Set `tileGridSize` to `(1, 1)` and compare with global equalization: why do the two still differ?
