import torch
from torch import nn

torch.manual_seed(0)
lstm = nn.LSTM(3, 4, num_layers=2, batch_first=True, bidirectional=True)
outputs, (h, c) = lstm(torch.randn(2, 5, 3))
print("outputs", tuple(outputs.shape), " h and c", tuple(h.shape))

by_layer = h.view(2, 2, 2, 4)  # (layers, directions, b, h)
forwards, backwards = by_layer[-1]
print("forwards ends at the last step:", end=" ")
print(torch.equal(forwards, outputs[:, -1, :4]))
print("backwards ends at the first step:", end=" ")
print(torch.equal(backwards, outputs[:, 0, 4:]))

time_first = nn.LSTM(3, 4)  # batch_first is False by default
_, (h, _) = time_first(torch.randn(2, 5, 3))  # meant as (b, n, d)
print("a batch of 2 read with time first gives states for", h.shape[1])
