import torch
from torch.nn.functional import cross_entropy

y = torch.tensor([1])


def softmax(z: torch.Tensor) -> torch.Tensor:
    e = z.exp()
    return e / e.sum(-1, keepdim=True)


for name, z in {
    "float32, logits 0 and 100": torch.tensor([[100.0, 0.0]]),
    "float16, logits 0 and 12": torch.tensor([[12.0, 0.0]]).half(),
}.items():
    print(f"{name}: p = {softmax(z)[0].tolist()}")

z = torch.tensor([[0.0, -120.0]], requires_grad=True)
print("log of softmax:", softmax(z)[0, 1].log().item())
loss = cross_entropy(z, y)
(gradient,) = torch.autograd.grad(loss, z)
print("cross_entropy:", loss.item(), "gradient:", gradient[0].tolist())
