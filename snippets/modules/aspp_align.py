import torch
import torch.nn.functional as F

x = torch.randn(2, 8, 1, 1)
ways = [
    F.interpolate(x, (5, 7), mode="bilinear", align_corners=flag)
    for flag in (True, False)
]
print("1 × 1 to 5 × 7: same", torch.allclose(*ways), end=", ")
print("a copy:", torch.equal(ways[0], x.expand(-1, -1, 5, 7)))

for pixels in (513, 512):
    n = (pixels - 1) // 16 + 1  # features behind four layers of stride 2
    center = 16.0 * torch.arange(n)  # the pixel that each is centered on
    wanted = torch.arange(float(pixels)).clamp(max=float(center[-1]))
    for flag in (True, False):
        y = F.interpolate(
            center[None, None], pixels, mode="linear", align_corners=flag
        )
        error = (y[0, 0] - wanted).abs().max()
        print(f"{n} features to {pixels}, align_corners={flag}:", end="")
        print(f" off by up to {error:.1f} pixels")
