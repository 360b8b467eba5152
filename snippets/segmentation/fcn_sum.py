import torch
import torch.nn.functional as F

torch.manual_seed(0)
scores = torch.zeros(1, 21, 500, 375, requires_grad=True)
labels = torch.randint(21, (1, 500, 375))
labels[torch.rand(labels.shape) < 0.05] = 255  # borders: not known

pixels = int((labels != 255).sum())
for name in ("mean", "sum"):
    loss = F.cross_entropy(scores, labels, ignore_index=255, reduction=name)
    (g,) = torch.autograd.grad(loss, scores)
    size = float(g.abs().max())
    print(f"{name}: loss {loss.item():.1e}, largest gradient {size:.0e}")
print(f"lr 1e-10 for the sum is {1e-10 * pixels:.1e} for the mean")

nothing = torch.full_like(labels, 255)
loss = F.cross_entropy(scores, nothing, ignore_index=255)
print("an image of which nothing is known:", loss.item())
