from torch import Tensor, nn


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(1000, 64)
        self.head = nn.Linear(64, 1000, bias=False)
        self.head.weight = self.embed.weight  # one matrix, two names

    def forward(self, ids: Tensor) -> Tensor:
        return self.head(self.embed(ids))


print(f"{'':<15}parameters()  state_dict  by layers")
normed = nn.Sequential(nn.Conv2d(3, 64, 3, bias=False), nn.BatchNorm2d(64))
for name, model in (("tied embedding", Tied()), ("conv, BN", normed)):
    parameters = sum(p.numel() for p in model.parameters())
    stored = sum(t.numel() for t in model.state_dict().values())
    by_layer = sum(
        layer.weight.numel()
        for layer in model.modules()
        if hasattr(layer, "weight")
    )
    print(f"{name:<15}{parameters:>12,}{stored:>12,}{by_layer:>12,}")
