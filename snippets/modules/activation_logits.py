import torch
import torch.nn.functional as F

logits = torch.tensor([[2.0, -3.0, -1.0]])
label = torch.tensor([2])
plain = F.cross_entropy(logits, label)
print("cross-entropy of logits:      ", f"{plain:.2f}")
relu = F.cross_entropy(logits.relu(), label)
print("of ReLU of the logits:        ", f"{relu:.2f}")
twice = F.cross_entropy(logits.softmax(dim=1), label)
print("of their softmax (a 2nd time):", f"{twice:.2f}")
perfect = F.cross_entropy(torch.tensor([[0.0, 0.0, 1.0]]), label)
print("the best a softmax could reach:", f"{perfect:.2f}")

x = torch.tensor([-200.0], requires_grad=True)
after = F.binary_cross_entropy(x.sigmoid(), torch.ones(1))
(gradient,) = torch.autograd.grad(after, x)
print("BCE after sigmoid, gradient:", gradient.item() + 0.0)
within = F.binary_cross_entropy_with_logits(x, torch.ones(1))
(gradient,) = torch.autograd.grad(within, x)
print("BCE with logits, gradient:  ", gradient.item() + 0.0)
