import torch

print("dtype            1.3     20.3     100.3     200.3")
for dtype in (torch.float32, torch.float16, torch.bfloat16):
    pixels = torch.tensor([1, 20, 100, 200], dtype=dtype)
    at = pixels + torch.tensor(0.3, dtype=dtype)  # pixel + offset
    name = str(dtype).removeprefix("torch.")
    print(f"{name:<9}", "".join(f"{p:>10.3f}" for p in at.tolist()))

far = torch.tensor(200, dtype=torch.bfloat16)
for offset in (-0.9, -0.4, 0.4, 0.9):  # four different places?
    print(f"bfloat16: 200 + {offset:>4} = {(far + offset).item()}")
