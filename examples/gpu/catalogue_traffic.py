"""How many numbers go to memory and back: step by step, and in one kernel.

Every operation that torch carries out is watched: it reads its arguments
and writes its results. Views move nothing. A fused kernel reads what the
formula takes, writes what it gives, and keeps the rest in registers:

    layer_norm 2 n d + 2 d + 2 n    rms_norm 2 n d + d + n
    softmax 2 n d    gelu 2 n d + d    swiglu 3 n d + 2 d, for d outputs
"""

import math
from collections.abc import Callable

import torch
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

ROWS, FEATURES = 64, 4096
INK = "#757b84"
COLORS = "#ea7a17", "#3b82f6", "#1f9d6b"


# --8<-- [start:watch]
class Watch(TorchDispatchMode):
    """Counts the numbers that every operation reads and writes."""

    def __init__(self) -> None:
        super().__init__()
        self.moved = 0

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        result = operation(*args, **(kwargs or {}))
        if not operation.is_view:
            touched = tree_leaves((args, kwargs, result))
            self.moved += sum(
                x.numel() for x in touched if isinstance(x, Tensor)
            )
        return result


def moved(function: Callable[..., Tensor], *inputs: Tensor) -> int:
    with Watch() as watch:
        function(*inputs)
    return watch.moved


# --8<-- [end:watch]


# --8<-- [start:steps]
def layer_norm_steps(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    centered = x - x.mean(-1, keepdim=True)
    variance = centered.square().mean(-1, keepdim=True)
    return centered / (variance + 1e-5).sqrt() * weight + bias


def rms_norm_steps(x: Tensor, weight: Tensor) -> Tensor:
    square = x.square().mean(-1, keepdim=True)
    return x / (square + 1e-6).sqrt() * weight


def softmax_steps(x: Tensor) -> Tensor:
    e = (x - x.amax(-1, keepdim=True)).exp()
    return e / e.sum(-1, keepdim=True)


def gelu_steps(x: Tensor, bias: Tensor) -> Tensor:
    u = x + bias
    return u * (0.5 + 0.5 * (u / math.sqrt(2)).erf())


def swiglu_steps(x: Tensor, bias: Tensor) -> Tensor:
    a, b = (x + bias).chunk(2, -1)
    return a * a.sigmoid() * b


# --8<-- [end:steps]


def swiglu_of_torch(x: Tensor, bias: Tensor) -> Tensor:
    a, b = (x + bias).chunk(2, -1)
    return functional.silu(a) * b


# --8<-- [start:count]
def traffic(n: int, d: int) -> dict[str, tuple[float, float, float]]:
    """Numbers moved for each output: step by step, by torch, and fused."""
    x, wide = torch.ones(n, d), torch.ones(n, 2 * d)
    one, pair = torch.ones(d), torch.ones(2 * d)
    by_torch = {
        "layer_norm": lambda *a: functional.layer_norm(a[0], (d,), *a[1:]),
        "rms_norm": lambda x, weight: functional.rms_norm(x, (d,), weight),
        "softmax": lambda x: functional.softmax(x, -1),
        "gelu": lambda x, bias: functional.gelu(x + bias),
        "swiglu": swiglu_of_torch,
    }
    steps = {
        "layer_norm": (layer_norm_steps, (x, one, one)),
        "rms_norm": (rms_norm_steps, (x, one)),
        "softmax": (softmax_steps, (x,)),
        "gelu": (gelu_steps, (x, one)),
        "swiglu": (swiglu_steps, (wide, pair)),
    }
    fused = {
        "layer_norm": 2 * n * d + 2 * d + 2 * n,
        "rms_norm": 2 * n * d + d + n,
        "softmax": 2 * n * d,
        "gelu": 2 * n * d + d,
        "swiglu": 3 * n * d + 2 * d,
    }
    return {
        name: (
            moved(function, *inputs) / (n * d),
            moved(by_torch[name], *inputs) / (n * d),
            fused[name] / (n * d),
        )
        for name, (function, inputs) in steps.items()
    }


# --8<-- [end:count]


# --8<-- [start:draw]
def traffic_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    axes = figure.subplots()
    found = traffic(ROWS, FEATURES)
    kinds = "step by step", "torch's own functions", "fused"
    for at, (kind, color) in enumerate(zip(kinds, COLORS, strict=True)):
        y = [row + 0.27 * (at - 1) for row in range(len(found))]
        x = [numbers[at] for numbers in found.values()]
        axes.barh(y, x, 0.24, color=color, label=kind)
    axes.set_yticks(range(len(found)), list(found))
    axes.invert_yaxis()
    axes.set_xlabel("numbers read and written for each output")
    axes.legend(frameon=False, labelcolor=INK)
    axes.tick_params(colors=INK)
    axes.xaxis.label.set_color(INK)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("bottom", "left"):
        axes.spines[side].set_color(INK)
    figure.patch.set_alpha(0)
    axes.patch.set_alpha(0)
    return figure


# --8<-- [end:draw]


def main() -> None:
    print(f"{'':12}{'steps':>8}{'torch':>8}{'fused':>8}")
    for name, numbers in traffic(ROWS, FEATURES).items():
        print(f"{name:12}" + "".join(f"{x:8.1f}" for x in numbers))


if __name__ == "__main__":
    main()
