import cv2
import numpy as np
import torch
from skimage import data

image = data.astronaut().copy()  # (512, 512, 3), uint8
shared = torch.from_numpy(image)
shared[0, 0] = 0  # writes into the photograph
print("from_numpy shares:", image[0, 0].tolist() == [0, 0, 0])
cloned = torch.tensor(image)
print("torch.tensor shares:", cloned.data_ptr() == shared.data_ptr())

chw = shared.permute(2, 0, 1)  # still the same bytes, other strides
print("permuted strides", chw.stride(), "contiguous:", chw.is_contiguous())
x = chw.float() / 255  # a new buffer with the old order of axes
print("float strides   ", x.stride(), "contiguous:", x.is_contiguous())
last = x[None].is_contiguous(memory_format=torch.channels_last)
print("which torch calls channels_last:", last)
print("after contiguous", x.contiguous().stride())

try:
    torch.from_numpy(image[..., ::-1])
except ValueError as error:
    print("reversed view:", str(error).split(",")[0])
copied = torch.from_numpy(np.ascontiguousarray(image[..., ::-1]))
flipped = shared.flip(-1)  # torch's flip copies
swapped = torch.from_numpy(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
assert torch.equal(copied, flipped)
assert torch.equal(copied, swapped)
