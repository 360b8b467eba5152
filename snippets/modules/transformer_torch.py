import torch
from torch import nn

torch.manual_seed(0)
sizes = {"d_model": 64, "nhead": 4, "dim_feedforward": 256, "dropout": 0.1}
model = nn.Transformer(
    **sizes, num_encoder_layers=2, num_decoder_layers=2, batch_first=True
)
source, target = torch.randn(3, 9, 64), torch.randn(3, 7, 64)
lengths = torch.tensor([9, 5, 2])
blocked = torch.arange(9) >= lengths[:, None]  # True: do not look
ahead = torch.ones(7, 7, dtype=torch.bool).triu(1)
y = model(
    source,
    target,
    tgt_mask=ahead,
    src_key_padding_mask=blocked,
    memory_key_padding_mask=blocked,  # not passed on by itself
)
print(tuple(y.shape), "features of words; embeddings and logits are yours")
last = model.decoder.norm
print("a norm at the end, although post-norm:", type(last).__name__)
