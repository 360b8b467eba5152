import torch
import torch.nn.functional as F

torch.manual_seed(0)
for h, w in ((46, 60), (45, 60), (46, 59)):
    x = torch.randn(1, 8, h, w)
    y, places = F.max_pool2d(x, 2, return_indices=True)  # rounds down
    try:
        u = F.max_unpool2d(y, places, 2)
        found = f"{u.shape[2]} × {u.shape[3]}"
    except RuntimeError:
        found = "an index lies outside"
    u = F.max_unpool2d(y, places, 2, output_size=(h, w))
    back = bool((u[u != 0] == x[u != 0]).all())
    print(f"{h} × {w}: unpooled {found}; with the size told, right: {back}")
