import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

torch.manual_seed(0)
lengths = torch.tensor([5, 2, 3])
x = torch.randn(3, 5, 4)  # (b, n, d); what lies beyond lengths is padding
rnn = nn.RNN(4, 6, batch_first=True, bidirectional=True)

packed = pack_padded_sequence(
    x, lengths.cpu(), batch_first=True, enforce_sorted=False
)
outputs, h = rnn(packed)  # h (2, b, 6): forwards, backwards
outputs, _ = pad_packed_sequence(outputs, batch_first=True)

last = outputs[torch.arange(3), lengths - 1]  # (b, 12)
print("last valid step, forward half, is h[0]:", end=" ")
print(torch.equal(last[:, :6], h[0]))
print("first step, backward half, is h[1]:", end=" ")
print(torch.equal(outputs[:, 0, 6:], h[1]))
print("outputs[:, -1] is zero for the shorter:", end=" ")
print((outputs[1:, -1] == 0).all().item())

_, unpacked = rnn(x)  # no lengths: the padding is read as data
gaps = (unpacked - h).abs().amax(dim=(0, 2))
print("sequences that plain padding changes:", (gaps > 1e-3).sum().item())
