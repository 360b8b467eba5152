import torch
from torch.nn.functional import mse_loss

torch.manual_seed(0)
x = torch.rand(4, 3, 32, 32)  # (b, c, h, w)
y = (x + 0.1 * torch.randn(4, 3, 32, 32)).requires_grad_()

loss = mse_loss(y, x)  # reduction="mean": one number a batch
(gradient,) = torch.autograd.grad(loss, y)
torch.testing.assert_close(gradient, 2 * (y - x) / y.numel())

each = mse_loss(y, x, reduction="none").mean(dim=(1, 2, 3))  # (b,)
torch.testing.assert_close(each.mean(), loss)
total = mse_loss(y, x, reduction="sum")
print(f"sum / mean = {(total / loss).item():.0f} = 4 * 3 * 32 * 32")

# A target without the channel axis broadcasts: a warning, not an error
flat = torch.rand(4, 1, 32, 32)
print("(4, 3, 32, 32) - (4, 1, 32, 32):", tuple((x - flat).shape))
pixels, column = torch.rand(4), torch.rand(4, 1)
print("(4,) - (4, 1):", tuple((pixels - column).shape))
