"""Attention does not know the order of its tokens, shown on digits.

An 8 × 8 digit is 16 tokens, patches of 2 × 2 pixels. One attention block
reads them and the mean of its outputs is classified, once without and once
with a learned vector added for every position. Then the patches of the test
images are shuffled, all in the same way.
"""

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from torch import Tensor, nn

from examples.modules.self_attention import SelfAttention

PAIR = (2, 6)  # two test digits to draw


# --8<-- [start:reader]
class Reader(nn.Module):
    def __init__(
        self,
        positions: bool,
        d: int = 32,
        heads: int = 4,
    ) -> None:
        super().__init__()
        self.embed = nn.Linear(4, d)
        start = 0.5 * torch.randn(16, d)
        self.position = nn.Parameter(start) if positions else None
        self.attention = SelfAttention(d, heads)
        self.norm = nn.LayerNorm(d)
        self.mlp = nn.Sequential(
            nn.Linear(d, 2 * d), nn.ReLU(), nn.Linear(2 * d, d)
        )
        self.classify = nn.Linear(d, 10)

    def tokens(self, patches: Tensor) -> Tensor:  # (b, 16, 4)
        x = self.embed(patches)
        return x if self.position is None else x + self.position

    def forward(self, patches: Tensor) -> Tensor:
        x = self.tokens(patches)  # (b, 16, d)
        x = x + self.attention(x)
        x = x + self.mlp(self.norm(x))
        return self.classify(x.mean(1))  # (b, 10)


# --8<-- [end:reader]
def digits() -> tuple[Tensor, Tensor]:
    x, y = load_digits(return_X_y=True)
    images = torch.tensor(x, dtype=torch.float32).view(-1, 4, 2, 4, 2) / 16
    return images.transpose(2, 3).reshape(-1, 16, 4), torch.tensor(y)


def learn(positions: bool, seed: int = 0, epochs: int = 5) -> Reader:
    torch.manual_seed(seed)
    patches, labels = (part[:1200] for part in digits())
    reader = Reader(positions)
    optimizer = torch.optim.Adam(reader.parameters(), lr=4e-3)
    for _ in range(epochs):
        for i in torch.randperm(len(patches)).split(64):
            loss = F.cross_entropy(reader(patches[i]), labels[i])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return reader.eval()


@torch.no_grad()
def judge(reader: Reader) -> tuple[float, float]:
    """Accuracy, and how often shuffled patches get the same answer."""
    patches, labels = (part[1200:] for part in digits())
    order = torch.randperm(16, generator=torch.Generator().manual_seed(1))
    said = reader(patches).argmax(1)
    shuffled = reader(patches[:, order]).argmax(1)
    accuracy = (said == labels).float().mean().item()
    return accuracy, (said == shuffled).float().mean().item()


def main() -> None:
    bag, same = judge(learn(positions=False))
    placed, same_placed = judge(learn(positions=True))
    print(f"patches shuffled, same answer without positions: {same:.0%}")
    print("with positions, in fewer than half:", same_placed < 0.5)
    print("positions gain 15 points or more:", placed - bag > 0.15)


@torch.no_grad()
def received(reader: Reader, patches: Tensor) -> Tensor:
    """(heads, 4, 4): the mean weight that each patch of one digit gets."""
    tokens = reader.tokens(patches[None])
    _, weights = reader.attention.look(tokens, tokens, tokens)
    return weights[0].mean(1).unflatten(1, (4, 4))


def heads_figure() -> Figure:
    reader, patches = learn(positions=True), digits()[0][1200:]
    figure = Figure(figsize=(6.4, 2.9), layout="constrained")
    for row, number in zip(figure.subplots(2, 5), PAIR, strict=True):
        image = patches[number].view(4, 4, 2, 2).transpose(1, 2)
        row[0].imshow(image.reshape(8, 8), cmap="gray")
        row[0].set_title("digit", fontsize=10)
        maps = received(reader, patches[number])
        for head, panel in enumerate(row[1:]):
            panel.imshow(maps[head], cmap="magma", vmin=0)
            panel.set_title(f"head {head}", fontsize=10)
        for panel in row:
            panel.axis("off")
    return figure


if __name__ == "__main__":
    main()
