"""Small pictures of three objects, and captions that name one of them.

Nine kinds of object: a disk, a cross or a square in red, green or blue. A
picture has three objects of different kinds, each in a quadrant of its own,
on a noisy dark ground. A caption is two words: a color and a shape.

Shapes: images (b, 3, 16, 16), objects (b, 3, 16, 16), captions (b, 3, 2).
"""

from typing import NamedTuple

import torch
from torch import Tensor

COLORS = ("red", "green", "blue")
SHAPES = ("disk", "cross", "square")
PAINT = ((0.9, 0.2, 0.2), (0.2, 0.75, 0.3), (0.25, 0.4, 0.95))
SIZE = 16


class Scenes(NamedTuple):
    images: Tensor  # (b, 3, 16, 16)
    objects: Tensor  # (b, 3, 16, 16), True inside the object
    kinds: Tensor  # (b, 3), 3 * color + shape

    def captions(self) -> Tensor:  # (b, 3, 2), the numbers of two words
        return torch.stack([self.kinds // 3, 3 + self.kinds % 3], -1)

    def centers(self) -> Tensor:  # (b, 3, 2), row and column in pixels
        area = self.objects.sum((2, 3))
        along = torch.arange(SIZE) + 0.5
        rows = (self.objects.sum(3) * along).sum(2) / area
        columns = (self.objects.sum(2) * along).sum(2) / area
        return torch.stack([rows, columns], -1)


def stamps() -> Tensor:
    y, x = torch.meshgrid(*[torch.arange(5) - 2] * 2, indexing="ij")
    disk = x**2 + y**2 <= 5
    cross = (x == 0) | (y == 0)
    square = x.abs().maximum(y.abs()) == 2  # an outline
    return torch.stack([disk, cross, square])


def draw_scenes(count: int, seed: int) -> Scenes:
    random = torch.Generator().manual_seed(seed)
    noise = torch.randn(count, 3, SIZE, SIZE, generator=random)
    images = 0.15 + 0.05 * noise
    objects = torch.zeros(count, 3, SIZE, SIZE, dtype=torch.bool)
    kinds = torch.rand(count, 9, generator=random).argsort(1)[:, :3]
    quadrants = torch.rand(count, 4, generator=random).argsort(1)[:, :3]
    shifts = torch.randint(0, 4, (count, 3, 2), generator=random)
    paint, shapes = torch.tensor(PAINT), stamps()
    for i in range(count):
        for j in range(3):
            top = 8 * int(quadrants[i, j] // 2) + int(shifts[i, j, 0])
            left = 8 * int(quadrants[i, j] % 2) + int(shifts[i, j, 1])
            kind = int(kinds[i, j])
            inside = objects[i, j]
            inside[top : top + 5, left : left + 5] = shapes[kind % 3]
            images[i, :, inside] += paint[kind // 3][:, None]
    return Scenes(images, objects, kinds)
