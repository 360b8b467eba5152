import torch
from torch import nn

torch.manual_seed(0)
net = nn.Linear(4, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)

loss = 1e3 * net(torch.randn(8, 4)).square().mean()
loss.backward()
before = nn.utils.clip_grad_norm_(net.parameters(), max_norm=1.0)
after = nn.utils.get_total_norm([p.grad for p in net.parameters()])
print(f"norm before: more than 1 is {before > 1}, after: {after:.4f}")
optimizer.step()  # clip after backward, before step

grad = net.weight.grad
assert grad is not None
grad[0, 0] = torch.inf  # one bad entry
nn.utils.clip_grad_norm_(net.parameters(), max_norm=1.0)
bad, zero = int(grad.isnan().sum()), int((grad == 0).sum())
print(f"after one infinite entry: {bad} nan, {zero} zeros of 4 weights")
try:
    grad[0, 0] = torch.inf
    nn.utils.clip_grad_norm_(net.parameters(), 1.0, error_if_nonfinite=True)
except RuntimeError as problem:
    print(type(problem).__name__, "names the norm:", "norm" in str(problem))
