import torch

b, c, h, w = 1, 2, 2, 2
channel = torch.tensor([100, 200]).view(1, c, 1, 1)
x = channel + torch.arange(h * w).view(1, 1, h, w)  # channel, then pixel

right = x.flatten(2).transpose(1, 2)  # (b, n, c)
wrong = x.reshape(b, h * w, c)  # the same shape, and no error
for name, tokens in (("transpose", right), ("reshape", wrong)):
    print(f"{name:<10}{tuple(tokens.shape)}", tokens[0].tolist())

back = right.transpose(1, 2).unflatten(2, (h, w))
print("and back:", torch.equal(back, x))
