# %% [markdown]
# # 实验：直方图均衡
#
# 前面几页的图像都是拍得好的。这一张不是：月面的灰度挤在很窄的一段里，环形山几乎看不见。
# 这一页是一份笔记本，页末可以下载，逐格运行、逐格改。
#
# <h2 id="look">先看数</h2>
#
# 中间九成像素落在哪一段？

# %%
import cv2
import matplotlib.pyplot as plt
import numpy as np
from skimage.data import moon

image = np.ascontiguousarray(moon()[100:356, 100:356])  # (256, 256), uint8
low, high = np.percentile(image, [5, 95])
print(f"90% of the pixels lie between {low:.0f} and {high:.0f}")

# %% [markdown]
# 256 级灰度只用上了一小段。把 95 到 122 直接拉伸到 0 到 255 是一种办法；均衡更进一步，让每一级灰度上的像素一样多。
#
# <h2 id="equalize">均衡就是查一张累积表</h2>
#
# 设不亮于 $v$ 的像素有 $C(v)$ 个，最暗的一级有 $C_0$ 个，总数为 $N$，新的灰度就是
#
# $$T(v) = \operatorname{round}\left(255\, \frac{C(v) - C_0}{N - C_0}\right)$$
#
# 像素多的地方 $C$ 升得快，灰度就被拉得开。表算好之后，整张图只是一次查表 `table[image]`。

# %%
counts = np.bincount(image.ravel(), minlength=256)
below = counts.cumsum()
start = below[counts > 0][0]  # pixels at the darkest level
table = np.rint((below - start).clip(0) * (255 / (image.size - start)))
equalized = table.astype(np.uint8)[image]
reference = cv2.equalizeHist(image)
print(f"{(equalized != reference).sum()} pixels differ from OpenCV")

# %% [markdown]
# 与 `cv2.equalizeHist` 逐像素相同。
#
# <h2 id="clahe">分块、限幅：CLAHE</h2>
#
# 全局均衡对整张图用同一张表，噪声多的平坦处也被拉开。CLAHE 把图分成小块，每块一张表，块间线性插值；
# 并把直方图超过上限的部分削平、均分给所有灰度，免得某一级独大。

# %% alt="上排为原图、均衡与 CLAHE 之后的月面，下排为各自的直方图：从挤成一峰到铺满全部灰度"
clahe = cv2.createCLAHE(clipLimit=3, tileGridSize=(4, 4)).apply(image)
named = {"original": image, "equalized": equalized, "CLAHE": clahe}
figure, rows = plt.subplots(2, 3, figsize=(7, 4.2), layout="constrained")
for above, beneath, name in zip(*rows, named, strict=True):
    above.imshow(named[name], cmap="gray", vmin=0, vmax=255)
    above.set(title=name, xticks=[], yticks=[])
    beneath.hist(named[name].ravel(), bins=64, range=(0, 256))
    beneath.set(yticks=[], xlabel="gray level")

# %% [markdown]
# 中间一列的直方图并不平：均衡只能把灰度级搬开，不能把同一级的像素拆开，所以留下了空隙。
# 右边一列的细节更多，而大块的明暗关系已经不可信了：CLAHE 之后的灰度不能再当作亮度来量。
#
# <h2 id="try">动手</h2>
#
# 把 `clipLimit` 改成 40，再改成 0.5，看平坦处的噪声；把 `tileGridSize` 改成 `(1, 1)`，与全局均衡比较，它们为什么仍不相同？
