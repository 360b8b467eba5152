import cv2
import numpy as np
import torch
from skimage import data
from torch.utils.data import DataLoader

photos = [data.astronaut(), data.coffee(), data.chelsea()]
print("sizes", [photo.shape[:2] for photo in photos])
try:
    torch.stack([torch.from_numpy(photo) for photo in photos])
except RuntimeError as error:
    print(str(error).split(",")[0])


def load(photo: np.ndarray) -> torch.Tensor:
    small = cv2.resize(photo, (224, 160), interpolation=cv2.INTER_AREA)
    return torch.from_numpy(small).permute(2, 0, 1).contiguous()


loader = DataLoader([load(photo) for photo in photos], batch_size=3)
device = "cuda" if torch.cuda.is_available() else "cpu"
for batch in loader:  # bytes travel; floats are made where they are used
    x = batch.to(device).float().div(255)
    print(tuple(batch.shape), f"{batch.nbytes:,} bytes as {batch.dtype}")
    print(tuple(x.shape), f"{x.nbytes:,} bytes as {x.dtype}")
