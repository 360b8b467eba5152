import cv2
import numpy as np
import torch
import torch.nn.functional as F

image = np.zeros((5, 5))
image[2, 2] = 1  # a single bright pixel shows what happens to the kernel
kernel = np.arange(1.0, 10).reshape(3, 3)


def layer(weight: np.ndarray) -> np.ndarray:
    x, w = torch.tensor(image)[None, None], torch.tensor(weight)[None, None]
    return F.conv2d(x, w)[0, 0].numpy()


flipped = np.flip(kernel).copy()
same_as_cv2 = cv2.filter2D(image, -1, kernel)[1:-1, 1:-1]
print("conv2d turns the kernel:", (layer(kernel) == flipped).all())
print("conv2d = cv2.filter2D:", (layer(kernel) == same_as_cv2).all())
print("conv2d with it turned first:", *layer(flipped).astype(int).flatten())

line, taps = np.array([0, 1, 0, 0]), np.array([1, 2, 3])
print("np.convolve ", *np.convolve(line, taps, "valid"))
print("np.correlate", *np.correlate(line, taps, "valid"))
