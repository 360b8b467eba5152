import torch

torch.manual_seed(0)
x = torch.rand(4, 3, 64, 64)  # (b, c, h, w) in [0, 1]
strength = torch.tensor([0.01, 0.02, 0.05, 0.2]).view(4, 1, 1, 1)
y = x + strength * torch.randn_like(x)

each = (y - x).square().mean(dim=(1, 2, 3))  # one MSE an image
per_image = -10 * each.log10()  # data range 1: log10(1) = 0
whole = -10 * (y - x).square().mean().log10()  # the batch as one image

print("PSNR of each:", *(f"{value:.1f}" for value in per_image))
print(f"mean over images     {per_image.mean():.1f} dB")
print(f"the batch as one     {whole:.1f} dB")
for size in (1, 2, 4):
    parts = [-10 * part.mean().log10() for part in each.split(size)]
    print(f"batch size {size}: {sum(parts) / len(parts):.1f} dB")
