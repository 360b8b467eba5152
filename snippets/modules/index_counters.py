import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

c, n, hooked = 64, 56 * 56, []
attention = nn.MultiheadAttention(c, 4, batch_first=True)
x = torch.zeros(1, n, c)
for layer in attention.modules():
    if isinstance(layer, nn.Linear):
        layer.register_forward_hook(lambda *_: hooked.append(2 * n * c * c))


def counted() -> str:
    with FlopCounterMode(display=False) as counter:
        attention(x, x, x, need_weights=False)
    return f"{counter.get_total_flops() / 1e6:,.1f}"


print("MFLOPs of one attention layer, 3,136 tokens")
print("torch's counter, in training  ", counted())
with torch.no_grad():
    attention.eval()
    print("torch's counter, evaluation   ", counted())
attention.train()
with sdpa_kernel(SDPBackend.MATH):  # attention as plain products
    print("the same, without fused kernels", counted())
print("hooks on every nn.Linear       ", sum(hooked))
flops = 8 * n * c * c + 4 * n * n * c
print(f"by formula                      {flops / 1e6:,.1f}")
