"""LeNet-5, AlexNet, VGG and ResNet: sizes, and where the cost sits.

Built on the meta device: shapes and counts are exact and no weight is held.
"""

import math

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import nn

from examples.architectures.cnn import LeNet5
from examples.architectures.cnn_cost import (
    Image,
    alexnet_costs,
    layer_costs,
)
from examples.architectures.resnet import ResNet
from examples.architectures.vgg import VGG

INK = "#757b84"
BLUE, ORANGE, GREEN = "#3b82f6", "#ea7a17", "#1f9d6b"
PHOTO, DIGIT = (3, 224, 224), (1, 32, 32)


# --8<-- [start:family]
def family() -> dict[str, tuple[nn.Module, Image]]:
    with torch.device("meta"):
        return {
            "LeNet-5 (1998)": (LeNet5(torch.empty(10, 84)), DIGIT),
            "VGG-11": (VGG(11), PHOTO),
            "VGG-16": (VGG(16), PHOTO),
            "VGG-19": (VGG(19), PHOTO),
            "ResNet-18": (ResNet(18), PHOTO),
            "ResNet-34": (ResNet(34), PHOTO),
            "ResNet-50": (ResNet(50), PHOTO),
            "  output stride 16": (ResNet(50, output_stride=16), PHOTO),
            "  output stride 8": (ResNet(50, output_stride=8), PHOTO),
            "ResNet-101": (ResNet(101), PHOTO),
            "ResNet-152": (ResNet(152), PHOTO),
        }


def main() -> None:
    print("one image           parameters    MFLOPs     MMACs")
    parameters, flops = alexnet_costs()
    rows = [("AlexNet (2012)", parameters, flops)]
    for name, (model, image) in family().items():
        parameters = sum(p.numel() for p in model.parameters())
        flops = sum(layer.flops() for layer in layer_costs(model, image))
        rows.append((name, parameters, flops))
    for name, parameters, flops in (rows[1], rows[0], *rows[2:]):
        mega = f"{flops / 1e6:>10,.1f}{flops / 2e6:>10,.1f}"
        print(f"{name:<18}{parameters:>12,}{mega}")


# --8<-- [end:family]
Shapes = list[tuple[int, ...]]


def map_shapes() -> dict[str, Shapes]:
    """(c, h, w) of the image and of every map that a stage hands on."""
    found = {}
    for name, (model, image) in family().items():
        x = torch.empty(1, *image, device="meta")
        maps = [x]
        if isinstance(model, LeNet5):
            for part in (model.c1, model.s2, model.c3, model.s4, model.c5):
                maps.append(part(maps[-1]))
        else:
            maps += model.features(x)
        found[name] = [tuple(m.shape[1:]) for m in maps]
    return found


def draw_maps(axes: Axes, shapes: Shapes, color: str) -> None:
    """A box a map: height is its side, width its channels, in log2."""
    left = 0.0
    for i, (channels, side, _) in enumerate(shapes):
        height = math.log2(side) + 0.4
        width = 0.17 * math.log2(channels) + 0.12
        paint = color if i else INK
        corner = (left, -height / 2)
        axes.add_patch(
            Rectangle(corner, width, height, fc=paint, ec=paint, alpha=0.55)
        )
        middle = left + width / 2
        axes.text(middle, height / 2 + 0.3, f"{channels}", ha="center")
        below = f"{side}²"
        axes.text(middle, -height / 2 - 0.3, below, ha="center", va="top")
        left += width + 0.6
    axes.set(xlim=(-0.6, 14.2), ylim=(-5.4, 5.4))
    axes.axis("off")


def maps_figure() -> Figure:
    figure = Figure(figsize=(6.4, 5.6), layout="constrained")
    shapes = map_shapes()
    chosen = {
        "LeNet-5 (1998)": GREEN,
        "VGG-16": ORANGE,
        "ResNet-50": BLUE,
    }
    for axes, (name, color) in zip(
        figure.subplots(3, 1), chosen.items(), strict=True
    ):
        draw_maps(axes, shapes[name], color)
        axes.set_title(name, loc="left")
    note = "above: channels\nbelow: side in pixels"
    figure.axes[0].text(9, 0, note, va="center")
    return figure


def cost_figure() -> Figure:
    figure = Figure(figsize=(6.4, 5.4), layout="constrained")
    networks = family()
    convs = ("1_1", "1_2", "2_1", "2_2", "3_1", "3_2", "3_3", "4_1", "4_2")
    fine = [f"conv{c}" for c in (*convs, "4_3", "5_1", "5_2", "5_3")]
    fine += ["fc6", "fc7", "fc8"]
    coarse = ["stem", *(f"stages.{i}" for i in range(4)), "head"]
    for axes, (name, labels) in zip(
        figure.subplots(2, 1),
        {"VGG-16": fine, "ResNet-50": coarse}.items(),
        strict=True,
    ):
        layers = layer_costs(*networks[name])
        bars = torch.zeros(2, len(labels))
        for i, layer in enumerate(layers):
            if len(layers) != len(labels):  # a stage has many
                starts = [layer.name.startswith(part) for part in labels]
                i = starts.index(True)
            costs = (layer.weights, layer.flops())
            bars[:, i] += torch.tensor(costs, dtype=torch.float32)
        weights, flops = 100 * bars / bars.sum(dim=1, keepdim=True)
        place = torch.arange(len(labels))
        axes.bar(place - 0.2, weights, 0.4, color=ORANGE, label="weights")
        axes.bar(place + 0.2, flops, 0.4, color=BLUE, label="FLOPs")
        if labels is coarse:
            labels = ["stem", *(f"stage {i}" for i in range(1, 5)), "fc"]
        angle = 60 if "fc6" in labels else 0
        axes.set_xticks(place, labels, rotation=angle)
        axes.set(title=name, ylabel="% of all")
        axes.grid(visible=True, axis="y")
    figure.axes[1].legend(loc="upper left")
    return figure


if __name__ == "__main__":
    main()
