import torch
from skimage.data import camera
from torch.nn.functional import conv2d

row = torch.exp(-(torch.arange(11) - 5.0).square() / (2 * 1.5**2))
window = (row[:, None] * row / row.sum() ** 2)[None, None]  # (1, 1, 11, 11)


def ssim(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:  # range [0, 1]
    stacked = torch.cat([x, y, x * x, y * y, x * y])  # (5 b, 1, h, w)
    mx, my, xx, yy, xy = conv2d(stacked, window).chunk(5)
    above = (2 * mx * my + 0.01**2) * (2 * (xy - mx * my) + 0.03**2)
    below = mx**2 + my**2 + 0.01**2
    below = below * (xx - mx**2 + yy - my**2 + 0.03**2)
    return (above / below).mean()


torch.manual_seed(0)
x = torch.from_numpy(camera()[40:168, 150:278] / 255).float()[None, None]
y = (x + 0.1 * torch.randn_like(x)).requires_grad_()
optimizer = torch.optim.Adam([y], lr=0.01)
for step in range(61):
    loss = 1 - ssim(x, y)
    if step % 20 == 0:
        rmse = 255 * (y - x).square().mean().sqrt()
        print(f"step {step:>2}   loss {loss:.2f}   RMSE {rmse:.0f}")
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
