import torch

x = torch.tensor([4.0, 1.0, 2.0, 7.0, 3.0])
pixels = torch.arange(5.0)


def with_hat(at, hat):
    return (hat(1 - (at - pixels).abs()) * x).sum()


def with_floor(at):
    left = at.floor()
    part, i = at - left, int(left)
    return (1 - part) * x[i] + part * x[i + 1]


readers = {
    "relu": lambda at: with_hat(at, torch.relu),
    "maximum": lambda at: with_hat(at, lambda t: torch.maximum(t, 0 * t)),
    "clamp": lambda at: with_hat(at, lambda t: t.clamp(min=0)),
    "floor": with_floor,
}
for name, reader in readers.items():
    slopes = []
    for start in (2.0, 2.25):
        at = torch.tensor(start, requires_grad=True)
        slopes.append(torch.autograd.grad(reader(at), at)[0].item())
    print(f"{name:<8} slope at 2.00: {slopes[0]:>4}   at 2.25: {slopes[1]}")
