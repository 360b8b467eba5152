import cv2
import numpy as np
from skimage import data
from skimage.metrics import structural_similarity

x = data.coffee()  # RGB
noise = np.random.default_rng(0).normal(0, 12, x.shape)
y = np.clip(np.rint(x + noise), 0, 255).astype(np.uint8)
a, b = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in (x, y))
half = (300, 200)  # width, height
halves = [cv2.resize(g, half, interpolation=cv2.INTER_AREA) for g in (a, b)]
p, q = a / 255, b / 255
u, v = 2 * p - 1, 2 * q - 1
paper = {"gaussian_weights": True, "use_sample_covariance": False}
for name, pair, settings in (
    ("gray, as published", (a, b), paper | {"data_range": 255}),
    ("gray, defaults: 7 x 7, uniform", (a, b), {}),
    ("2 x 2 averages first, as in ssim.m", halves, paper),
    ("mean over R, G and B", (x, y), paper | {"channel_axis": -1}),
    ("[0, 1], data_range 1", (p, q), paper | {"data_range": 1}),
    ("[0, 1], data_range 255", (p, q), paper | {"data_range": 255}),
    ("[0, 255], data_range 1", (a, b), paper | {"data_range": 1}),
    ("[-1, 1], data_range 2", (u, v), paper | {"data_range": 2}),
):
    print(f"{name:<36}{structural_similarity(*pair, **settings):.3f}")
