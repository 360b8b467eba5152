"""Eleven architectures by one counter: parameters, products, outputs.

    convolution  outputs * weights of one kernel     multiply-adds
    product      outputs * length of the inner sum   multiply-adds

``outputs`` are the numbers that convolutions and products hand on: what
must be stored for the way back, and written to memory. The models live on
the meta device, which has shapes and no memory; sequences have 100 tokens.

Shapes: images (1, c, h, w), sequences (1, n, d), tokens (1, n). Raises
ValueError for a length below 1.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from examples.architectures.cnn import modern_lenet
from examples.architectures.cnn_cost import alexnet_costs
from examples.architectures.inception import GoogLeNet
from examples.architectures.inception_v3 import InceptionV3
from examples.architectures.lstm import LSTM
from examples.architectures.resnet import ResNet
from examples.architectures.rnn import RNN
from examples.architectures.vgg import VGG
from examples.modules.transformer_model import Transformer

D, TOKENS, WORDS = 512, 100, 37_000


# --8<-- [start:products]
class Products(TorchDispatchMode):
    """Adds up what every convolution and matrix product costs."""

    macs = outputs = 0

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple = (),
        kwargs: dict | None = None,
    ) -> Any:
        y = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        if name == "convolution":
            x, weight, transposed = args[0], args[1], args[6]
            stamps = x if transposed else y  # where a kernel is laid
            self.macs += stamps.numel() * weight[0].numel()
        elif name in ("mm", "bmm"):
            self.macs += y.numel() * args[0].shape[-1]
        elif name in ("addmm", "baddbmm"):
            self.macs += y.numel() * args[1].shape[-1]
        else:
            return y
        self.outputs += y.numel()
        return y


# --8<-- [end:products]
# --8<-- [start:count]
class Count(NamedTuple):
    parameters: int
    macs: int
    outputs: int


@torch.no_grad()
def count(model: nn.Module, *inputs: Tensor) -> Count:
    with Products() as products:
        model.eval()(*inputs)
    parameters = sum(p.numel() for p in model.parameters())
    return Count(parameters, products.macs, products.outputs)


# --8<-- [end:count]
def mlp() -> nn.Sequential:
    return nn.Sequential(
        *(nn.Flatten(), nn.Linear(784, 512), nn.ReLU()),
        *(nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)),
    )


# --8<-- [start:models]
Model = tuple[Callable[[], nn.Module], tuple[Tensor, ...]]


def models(tokens: int = TOKENS) -> dict[str, Model]:
    """How to build each, and what it reads."""
    if tokens < 1:
        raise ValueError(f"tokens is {tokens}; must be at least 1")
    with torch.device("meta"):
        digit, padded = (torch.empty(1, 1, s, s) for s in (28, 32))
        photo, large = (torch.empty(1, 3, s, s) for s in (224, 299))
        sequence = torch.empty(1, tokens, D)
        sentence = torch.zeros(1, tokens, dtype=torch.long)
    return {
        "MLP": (mlp, (digit,)),
        "RNN": (lambda: RNN(D, D), (sequence,)),
        "LSTM": (lambda: LSTM(D, D), (sequence,)),
        "LeNet-5": (modern_lenet, (padded,)),
        "VGG-16": (lambda: VGG(16), (photo,)),
        "GoogLeNet": (lambda: GoogLeNet(heads=False), (photo,)),
        "Inception v3": (lambda: InceptionV3(heads=False), (large,)),
        "ResNet-18": (lambda: ResNet(18), (photo,)),
        "ResNet-50": (lambda: ResNet(50), (photo,)),
        "ResNet-101": (lambda: ResNet(101), (photo,)),
        "Transformer": (
            lambda: Transformer(WORDS, D, 8, 4 * D, 6),
            (sentence, sentence),
        ),
    }


# --8<-- [end:models]
# --8<-- [start:demo]
def main() -> None:
    print("                 reads   parameters     MMACs     outputs")
    for name, (build, inputs) in models().items():
        with torch.device("meta"):
            model = build()
        found = count(model, *inputs)
        shape = " × ".join(map(str, inputs[0].shape[1:]))
        print(f"{name:<14}{shape:>14}{found.parameters:>13,}", end="")
        print(f"{found.macs / 1e6:>10,.1f}{found.outputs:>12,}")
    parameters, flops = alexnet_costs()
    print(f"{'AlexNet':<14}{'3 × 227 × 227':>14}{parameters:>13,}", end="")
    print(f"{flops / 2e6:>10,.1f}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
