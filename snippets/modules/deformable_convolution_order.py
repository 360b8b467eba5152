import torch

steps = torch.arange(-1.0, 2)
taps = torch.cartesian_prod(steps, steps)  # (9, 2): y, x, row by row
turn = torch.tensor([[0.0, -1], [1, 0]])  # by 90°
wanted = taps @ turn.T - taps  # the offset of each tap

layouts = {
    "y0 x0 y1 x1 ...": wanted.flatten(),
    "x0 y0 x1 y1 ...": wanted.flip(1).flatten(),
    "y0 y1 ... x0 x1 ...": wanted.T.flatten(),
}
for name, channels in layouts.items():
    read = taps + channels.view(9, 2)  # torchvision's, mmcv's, ONNX's
    right = (read == taps @ turn.T).all(1).sum().item()
    corner = tuple(int(p) for p in read[0])
    print(f"{name:<20} {right} taps of 9 right, the first at {corner}")
