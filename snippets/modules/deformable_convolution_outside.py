import torch
import torch.nn.functional as F

x = torch.tensor([[[[5.0, 2.0, 3.0, 4.0]]]])  # one row, four columns


def read(at, outside="zeros", ours=False, theirs=False):
    """Column ``at`` by grid_sample, which wants -1 to 1, x before y."""
    scaled = 2 * at / 3 - 1 if ours else (2 * at + 1) / 4 - 1
    grid = torch.stack([scaled, torch.zeros(())]).view(1, 1, 1, 2)
    return F.grid_sample(x, grid, "bilinear", outside, theirs).squeeze()


third = torch.tensor(3.0)
for ours in (True, False):
    got = [read(third, ours=ours, theirs=t).item() for t in (True, False)]
    print(f"scaled for align_corners={ours}: column 3 reads", end=" ")
    print(f"{got[0]:.2f} with True, {got[1]:.2f} with False")

for outside in ("zeros", "border"):
    for start in (-0.5, -1.5):
        at = torch.tensor(start, requires_grad=True)
        value = read(at, outside)
        (slope,) = torch.autograd.grad(value, at)
        numbers = f"{value:.2f}, slope {slope + 0.0:.2f}"
        print(f"{outside:<7}column {start}: {numbers}")
