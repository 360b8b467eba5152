"""Two pictures, three captions each: where every caption looks."""

import torch
from matplotlib.figure import Figure

from examples.modules.cross_attention_scenes import (
    COLORS,
    SHAPES,
    draw_scenes,
)
from examples.modules.cross_attention_steer import learn_to_find


def steer_figure() -> Figure:
    finder, scenes = learn_to_find(), draw_scenes(2, seed=7)
    with torch.no_grad():
        said, weights = finder.look(scenes.images, scenes.captions())
    figure = Figure(figsize=(6.4, 3.7), layout="constrained")
    for i, row in enumerate(figure.subplots(2, 4)):
        picture = scenes.images[i].permute(1, 2, 0).clamp(0, 1)
        row[0].imshow(picture)
        row[0].set_title("picture", fontsize=10)
        for j, panel in enumerate(row[1:]):
            kind = int(scenes.kinds[i, j])
            panel.imshow(weights[i, j], cmap="magma", extent=(0, 16, 16, 0))
            y, x = said[i, j].tolist()
            panel.plot(x, y, "+", color="#3b82f6", ms=11, mew=2.5)
            words = f"{COLORS[kind // 3]} {SHAPES[kind % 3]}"
            panel.set_title(f"“{words}”", fontsize=10)
        for panel in row:
            panel.axis("off")
    return figure
