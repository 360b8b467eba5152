"""What a network costs, layer by layer: every weight works once a position.

    parameters = weights + biases
    FLOPs      = 2 * weights * positions          (a multiply and an add)

That is one formula for convolutions, whose positions are h' w', and for
linear layers, which have one position. Biases, norms, activations and
pooling are not counted, as in ``torch.utils.flop_counter``. AlexNet (2012)
is a table here: its two halves meet in conv3 and in the linear layers.

Shapes: an image (c, h, w). Raises ValueError for an image of another kind.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn


# --8<-- [start:cost]
class Layer(NamedTuple):
    name: str
    weights: int
    positions: int

    def flops(self) -> int:
        return 2 * self.weights * self.positions


Image = tuple[int, int, int]  # channels, height, width


def layer_costs(model: nn.Module, image: Image) -> list[Layer]:
    """Every layer with weights, in the order of the forward pass."""
    if len(image) != 3 or min(image) < 1:
        raise ValueError(f"image is {image}; must be (c, h, w)")
    found, hooks = [], []
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):

            def note(
                layer: nn.Module, given: object, y: Tensor, name: str = name
            ) -> None:
                count = y.shape[2:].numel()  # 1 for a linear layer
                found.append(Layer(name, layer.weight.numel(), count))

            hooks.append(layer.register_forward_hook(note))
    training, device = model.training, next(model.parameters()).device
    model.eval()(torch.zeros(1, *image, device=device))
    model.train(training)
    for hook in hooks:
        hook.remove()
    return found


# --8<-- [end:cost]
# --8<-- [start:alexnet]
ALEXNET = {  # filters, weights of each, positions
    "conv1": (96, 11 * 11 * 3, 55 * 55),
    "conv2": (256, 5 * 5 * 48, 27 * 27),  # 48 of 96: its own GPU's half
    "conv3": (384, 3 * 3 * 256, 13 * 13),
    "conv4": (384, 3 * 3 * 192, 13 * 13),
    "conv5": (256, 3 * 3 * 192, 13 * 13),
    "fc6": (4096, 6 * 6 * 256, 1),
    "fc7": (4096, 4096, 1),
    "fc8": (1000, 4096, 1),
}


def alexnet_costs() -> tuple[int, int]:
    """Parameters and FLOPs."""
    rows = ALEXNET.values()
    parameters = sum(filters * (each + 1) for filters, each, _ in rows)
    flops = sum(2 * filters * each * n for filters, each, n in rows)
    return parameters, flops


# --8<-- [end:alexnet]
