import torch
import torch.nn.functional as F
from torch.autograd.graph import saved_tensors_hooks

heads, n, e = 4, 512, 16
q, k, v = (torch.randn(1, heads, n, e, requires_grad=True) for _ in "qkv")
saved = []


def keep(tensor):
    saved.append(tensor.numel())
    return tensor


for name, attend in (
    ("written out", lambda: (q @ k.mT / e**0.5).softmax(-1) @ v),
    ("fused", lambda: F.scaled_dot_product_attention(q, k, v)),
):
    saved.clear()
    with saved_tensors_hooks(keep, lambda tensor: tensor):
        attend()
    print(f"{name:<12} largest tensor kept for backward: {max(saved):>9,}")
print(f"h n n = {heads * n * n:,}   h n e = {heads * n * e:,}")
