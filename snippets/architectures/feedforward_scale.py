import torch
from sklearn.datasets import load_wine
from torch import nn

x, y = (torch.tensor(part) for part in load_wine(return_X_y=True))
x = x.float()
print("largest values:", [round(v, 1) for v in x.amax(0).tolist()])
order = torch.randperm(178, generator=torch.Generator().manual_seed(0))
train, test = order[:120], order[120:]
mean, std = x[train].mean(0), x[train].std(0)  # never of the test part

for name, inputs in {"raw": x, "standardized": (x - mean) / std}.items():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(13, 32), nn.ReLU(), nn.Linear(32, 3))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
    for _ in range(300):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(inputs[train]), y[train])
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        right = (net(inputs[test]).argmax(1) == y[test]).float().mean()
        silent = (net[:2](inputs[train]) == 0).all(0).sum()
    good = bool(right > 0.9)
    print(f"{name:<13} more than 0.9 right: {good!s:<5}", end="")
    print(f"  ReLUs always at 0: {silent}")
