import torch

mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
std = torch.tensor([0.229, 0.224, 0.225])[:, None, None]


def ranges(x):
    low, high = x.amin((1, 2)).tolist(), x.amax((1, 2)).tolist()
    pairs = zip(low, high, strict=True)
    return ", ".join(f"{a:.2f} to {b:.2f}" for a, b in pairs)


black_to_white = torch.linspace(0, 1, 64).view(1, 8, 8).expand(3, 8, 8)
usual = (black_to_white - mean) / std
print("ImageNet's mean and deviation:", ranges(usual))

wanted = usual * (std / 0.5) + (mean - 0.5) / 0.5
print("what Inception was trained on:", ranges(wanted))
print("equal to (x - 0.5) / 0.5:", end=" ")
print(torch.allclose(wanted, (black_to_white - 0.5) / 0.5, atol=1e-6))
