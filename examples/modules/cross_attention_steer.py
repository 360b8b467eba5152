"""Words steer where a picture is looked at: trained in seconds.

A caption names an object, and the network is to say where its center is.
The caption is the query; every 2 × 2 block of the picture is a key, and its
place in the picture the value. Nobody tells the network what a word means,
nor which blocks belong to an object: the target is two coordinates.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.modules.cross_attention_scenes import Scenes, draw_scenes
from examples.modules.self_attention import attend


# --8<-- [start:finder]
class Finder(nn.Module):
    def __init__(self, d: int = 32) -> None:
        super().__init__()
        self.see = nn.Sequential(
            nn.Conv2d(3, d, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(d, d, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(d, d, 3, padding=1),
        )
        self.norm = nn.LayerNorm(d)
        self.words = nn.Embedding(6, d)
        self.to_q = nn.Linear(d, d)
        self.to_k = nn.Linear(d, d)

    def look(self, images: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        """Centers in pixels (b, n, 2), weights (b, n, 8, 8)."""
        asked = self.words(text).sum(2)  # (b, n, d), one query a caption
        seen = self.norm(self.see(images).flatten(2).mT)  # (b, 64, d)
        along = torch.arange(1.0, 16.0, 2.0, device=images.device)
        place = torch.cartesian_prod(along, along)  # (64, 2), the values
        center, weights = attend(self.to_q(asked), self.to_k(seen), place)
        return center, weights.unflatten(-1, (8, 8))


# --8<-- [end:finder]
# --8<-- [start:learn]
def learn_to_find(seed: int = 0, steps: int = 250) -> Finder:
    torch.manual_seed(seed)
    scenes = draw_scenes(800, seed)
    centers, captions = scenes.centers(), scenes.captions()
    finder = Finder()
    optimizer = torch.optim.Adam(finder.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=1e-2, total_steps=steps, pct_start=0.1
    )
    for _ in range(steps):
        i = torch.randint(0, 800, (16,))
        said, _ = finder.look(scenes.images[i], captions[i])
        loss = F.l1_loss(said, centers[i])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return finder.eval()


# --8<-- [end:learn]
@torch.no_grad()
def judge(finder: Finder, scenes: Scenes) -> tuple[float, Tensor]:
    """Median error in pixels; weight that query i puts on object j."""
    said, weights = finder.look(scenes.images, scenes.captions())
    error = (said - scenes.centers()).norm(dim=-1).median().item()
    blocks = F.max_pool2d(scenes.objects.float(), 2).flatten(2)
    return error, (weights.flatten(2) @ blocks.mT).mean(0)  # (3, 3)


def main() -> None:
    finder = learn_to_find()
    error, weight = judge(finder, draw_scenes(100, seed=99))
    named = weight.diagonal().mean().item()
    other = (weight.sum() - weight.trace()).item() / 6
    print("centers found to half a pixel (median):", error < 0.5)
    print("weight on the named object above 0.6:", named > 0.6)
    print("on each other object below 0.02:", other < 0.02)


if __name__ == "__main__":
    main()
