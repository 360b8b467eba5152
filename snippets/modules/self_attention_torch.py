import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
layer = nn.MultiheadAttention(8, num_heads=2, batch_first=True)
x = torch.randn(1, 5, 8)
may_look = torch.ones(5, 5, dtype=torch.bool).tril()  # True: allowed

# The module wants True for blocked, the function True for allowed.
y, weights = layer(x, x, x, attn_mask=~may_look, need_weights=False)
print("need_weights=False, weights:", weights)

parts = F.linear(x, layer.in_proj_weight, layer.in_proj_bias).chunk(3, -1)
q, k, v = (p.unflatten(-1, (2, 4)).transpose(1, 2) for p in parts)
heads = F.scaled_dot_product_attention(q, k, v, attn_mask=may_look)
same = layer.out_proj(heads.transpose(1, 2).flatten(2))
print("function = module:", torch.allclose(y, same, atol=1e-6))

wrong, _ = layer(x, x, x, attn_mask=may_look)  # the other way round
print("tokens that are NaN:", wrong.isnan().any(-1)[0].tolist())
