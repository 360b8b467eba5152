"""A task that needs context: one lamp says which of two colors to mark.

Red and green disks lie on a field of 16 × 16, and somewhere a lamp of
2 × 2 is lit or out. Lit: mark the red pixels; out: the green ones. A stem
and two residual blocks see 5 pixels in every direction, and beyond that
the lamp cannot be seen. Scored are the pixels of exactly one color, and a
blind guess gets half of them.

Shapes: images (b, 3, 16, 16), the third channel 1 or -1 at the lamp;
logits (b, 16, 16). Raises ValueError for a count below 1 and a kind of
gate that is not known.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.modules.convolutional_attention_variants import make_gate
from examples.modules.residual import ResidualBlock

SIDE, DISKS, BATCH = 16, 2, 64


# --8<-- [start:scenes]
def lamp_scenes(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Images, what to mark, and each pixel's distance from the lamp."""
    if count < 1:
        raise ValueError(f"count is {count}; must be at least 1")
    i = torch.arange(SIDE)
    center = torch.randint(2, SIDE - 2, (count, 2, DISKS, 2, 1, 1))
    radius = torch.randint(1, 4, (count, 2, DISKS, 1, 1))
    away = (i[:, None] - center[:, :, :, 0]) ** 2
    away = away + (i - center[:, :, :, 1]) ** 2
    colors = (away <= radius**2).any(dim=2).float()  # (b, 2, h, w)
    corner = torch.randint(SIDE - 1, (count, 2, 1, 1))
    down, right = i[:, None] - corner[:, 0], i - corner[:, 1]
    beside = torch.maximum((2 * down - 1).abs(), (2 * right - 1).abs())
    distance = beside // 2  # 0 in the lamp
    lit = torch.randint(2, (count,))
    lamp = (distance == 0) * (2.0 * lit - 1)[:, None, None]
    images = torch.cat([colors, lamp[:, None]], dim=1)
    return images, colors[torch.arange(count), 1 - lit], distance


# --8<-- [end:scenes]
# --8<-- [start:network]
def lamp_network(
    kind: str,
    width: int = 8,
    blocks: int = 2,
) -> nn.Sequential:
    """A stem, residual blocks with a gate on their branch, a score."""
    layers: list[nn.Module] = [
        nn.Conv2d(3, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
    ]
    for _ in range(blocks):
        block = ResidualBlock(width, width)
        block.branch.append(make_gate(kind, width, reduction=4))
        layers.append(block)
    return nn.Sequential(*layers, nn.Conv2d(width, 1, 1), nn.Flatten(1, 2))


def learn_lamp(network: nn.Module, steps: int) -> nn.Module:
    images, marked, _ = lamp_scenes(steps * BATCH)  # none is seen twice
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.01)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.02, steps)
    batches = zip(images.split(BATCH), marked.split(BATCH), strict=True)
    for x, y in batches:
        loss = F.binary_cross_entropy_with_logits(network(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        cycle.step()
    return network.eval()


# --8<-- [end:network]
@torch.no_grad()
def right_by_distance(
    network: nn.Module, scenes: tuple[Tensor, Tensor, Tensor]
) -> tuple[Tensor, Tensor]:
    """Right pixels of one color, and all of them, by their distance."""
    images, marked, distance = scenes
    right = (network(images) > 0) == (marked > 0.5)
    one = images[:, 0] != images[:, 1]
    hits = torch.bincount(distance[one & right], minlength=SIDE - 1)
    return hits, torch.bincount(distance[one], minlength=SIDE - 1)


# --8<-- [start:demo]
def main() -> None:
    torch.manual_seed(0)
    scenes = lamp_scenes(4096)
    network = lamp_network("plain").eval()
    _, total = right_by_distance(network, scenes)
    seen = float(total[:6].sum() / total.sum())
    print(f"pixels of one color at most 5 from the lamp: {seen:.2f}")
    print(f"best for a network that sees no farther: {0.5 + seen / 2:.2f}")
    for kind in ("plain", "spatial", "se"):
        network = lamp_network(kind).eval()
        images = scenes[0][:64].clone().requires_grad_()
        score = network(images)[:, 0, 0].sum()  # of the corner
        (gradient,) = torch.autograd.grad(score, images)
        reach = gradient.abs().amax(dim=(0, 1, 3)).nonzero().max()
        print(f"{kind:<8} the corner sees {int(reach)} pixels far")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
