import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
layer = nn.MultiheadAttention(8, num_heads=2, batch_first=True)
x, nothing = torch.randn(1, 3, 8), torch.ones(1, 3, dtype=torch.bool)
for kept in (True, False):
    y, _ = layer(x, x, x, key_padding_mask=nothing, need_weights=kept)
    print(f"all blocked, need_weights={kept}:", y[0, 0, :2].tolist())

row = torch.tensor([False, True, False])[:, None].expand(3, 3)
y, _ = layer(x, x, x, attn_mask=row)
used = y[0, [0, 2]].sum()  # the empty row is not even used
(gradient,) = torch.autograd.grad(used, layer.in_proj_weight)
print("gradient is NaN:", bool(gradient.isnan().any()))

scores = torch.tensor([90.0, 89.0])
print("naive softmax:", (scores.exp() / scores.exp().sum()).tolist())

q, k, v = torch.randn(1, 2, 1, 4), *torch.randn(2, 1, 2, 6, 4)
y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
alone = torch.equal(y, v[:, :, :1])
print("1 query, 6 keys, is_causal: sees only key 0:", alone)
