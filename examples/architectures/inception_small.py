"""A small Inception for 8 × 8 digits, and how it is trained.

    stem 3 × 3, stages of blocks with 2 × 2 max pooling in between,
    global mean, linear; heads after any blocks

Trained on the first 1024 of scikit-learn's digits by Adam in one cycle of
the learning rate, tested on the other 773. "Plain" blocks lack the 1 × 1
before the 3 × 3 and the 5 × 5; they keep the one after pooling.

Shapes: x (b, 1, 8, 8), logits (b, 10). Raises ValueError for a head after
a block that does not exist.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from examples.architectures.inception import Widths, inception_block
from examples.architectures.inception_loss import joint_loss
from examples.architectures.inception_parts import Parallel, unit
from examples.modules.residual_depth import digits

TRAINED, BATCH = 1024, 64
EVEN = (8, 8, 8, 8, 8, 8)  # every branch gives 8 channels


def plain_block(channels: int, w: Widths, norm: bool = True) -> Parallel:
    project = unit(channels, w.pool, norm=norm)
    return Parallel(
        unit(channels, w.one, norm=norm),
        unit(channels, w.three, 3, norm=norm),
        unit(channels, w.five, 5, norm=norm),
        nn.Sequential(nn.MaxPool2d(3, 1, 1), project),
    )


class SmallInception(nn.Module):
    def __init__(
        self,
        stages: Sequence[int] = (2, 2),
        widths: Sequence[int] = EVEN,
        heads: Sequence[int] = (),
        norm: bool = True,
        plain: bool = False,
    ) -> None:
        super().__init__()
        check_heads(stages, heads)
        w = Widths(*widths)
        self.stem, c = unit(1, 16, 3, norm=norm), 16
        self.pool_before = {sum(stages[:i]) for i in range(1, len(stages))}
        block = plain_block if plain else inception_block
        self.blocks = nn.ModuleList()
        for _ in range(sum(stages)):
            self.blocks.append(block(c, w, norm=norm))
            c = w.one + w.three + w.five + w.pool
        mean = nn.AdaptiveAvgPool2d(1), nn.Flatten()
        self.classifier = nn.Sequential(*mean, nn.Linear(c, 10))
        self.heads = nn.ModuleDict()  # last: the rest starts alike without
        for i in heads:
            means = nn.AdaptiveAvgPool2d(2), nn.Flatten()
            layers = nn.Linear(4 * c, 32), nn.ReLU(), nn.Linear(32, 10)
            self.heads[str(i)] = nn.Sequential(*means, *layers)

    def all_logits(self, x: Tensor) -> list[Tensor]:
        """Of the classifier, then of the heads."""
        x, heads = self.stem(x), []
        for i, block in enumerate(self.blocks):
            if i in self.pool_before:
                x = nn.functional.max_pool2d(x, 2)
            x = block(x)
            if str(i) in self.heads:
                heads.append(self.heads[str(i)](x))
        return [self.classifier(x), *heads]

    def forward(self, x: Tensor) -> Tensor:  # (b, 10)
        return self.all_logits(x)[0]


def check_heads(stages: Sequence[int], heads: Sequence[int]) -> None:
    for head in heads:
        if not 0 <= head < sum(stages):
            raise ValueError(
                f"heads has {head}; there are {sum(stages)} blocks"
            )


def train_small(
    model: SmallInception,
    seed: int,
    epochs: int,
    weight: float = 0.3,
    lr: float = 3e-3,
) -> list[float]:
    """The classifier's own loss, step by step."""
    x, y = (t[:TRAINED] for t in digits())
    torch.manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters())
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lr, total_steps=epochs * TRAINED // BATCH
    )
    losses = []
    for _ in range(epochs):
        for chosen in torch.randperm(TRAINED).split(BATCH):
            found = model.train().all_logits(x[chosen])
            optimizer.zero_grad()
            joint_loss(found, y[chosen], weight).backward()
            optimizer.step()
            cycle.step()
            main = joint_loss(found[:1], y[chosen])
            losses.append(float(main.detach()))
    return losses


@torch.no_grad()
def small_accuracy(model: SmallInception) -> float:
    x, y = (t[TRAINED:] for t in digits())
    return float((model.eval()(x).argmax(1) == y).double().mean())
