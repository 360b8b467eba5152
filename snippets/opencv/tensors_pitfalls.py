import cv2
import torch
from skimage import data

photo = data.astronaut()  # RGB, uint8
bgr = cv2.cvtColor(photo, cv2.COLOR_RGB2BGR)
x = torch.from_numpy(photo).permute(2, 0, 1).float() / 255

wrong = torch.from_numpy(photo).reshape(3, 512, 512)  # reshape, not permute
print("reshape: plane 0 begins with", wrong[0, 0, :3].tolist())
print("permute: plane 0 begins with", photo[0, :3, 0].tolist())

levels = torch.tensor([254.0, 255.0, 256.0, 260.0])
wrapped = levels.to(torch.int32).to(torch.uint8)
print("without clamp", levels.int().tolist(), "become", wrapped.tolist())

total = photo[0, 0] + photo[0, 1]  # uint8 arithmetic wraps as well
print("uint8", photo[0, 0], "+", photo[0, 1], "=", total)

mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
std = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
off = ((x - mean) / std - (x - mean.flip(0)) / std.flip(0)).abs().max()
print(f"mean and std in the order BGR: off by up to {off:.2f}")

print("image / 255 is", (photo / 255).dtype, "and not float32")
gray = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
bgra = cv2.cvtColor(bgr, cv2.COLOR_BGR2BGRA)
print("gray has", gray.ndim, "axes; with alpha", bgra.shape[2], "channels")
