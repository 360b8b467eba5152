"""What the freedom costs: parameters, arithmetic and memory.

    branch, parameters   g q k^2 (c k^2 + 1),  g = 2 or 3 numbers a tap
    branch, FLOPs        2 h' w' g q k^2 c k^2
    sampling, FLOPs      9 h' w' c k^2: three interpolations of 3 each

One multiply-add is 2 FLOPs. ``kept`` weighs what autograd stores for the
backward pass, every tensor once.

Shapes: x (b, c, h, w). Raises ValueError for a size below 1.
"""

import torch
from torch import Tensor, nn

from examples.modules.deformable_convolution_modules import (
    DeformableConvolution,
    ModulatedDeformableConvolution,
)


# --8<-- [start:cost]
def costs(
    c: int, o: int, k: int, h: int, w: int, guesses: int, q: int = 1
) -> dict[str, int]:
    """``guesses`` a tap: 0 is a convolution, 2 version 1, 3 version 2."""
    for name, size in {"c": c, "o": o, "k": k, "h": h, "w": w}.items():
        if size < 1:
            raise ValueError(f"{name} is {size}; must be at least 1")
    rows = guesses * q * k * k  # output channels of the branch
    return {
        "parameters": o * (c * k * k + 1) + rows * (c * k * k + 1),
        "convolutions": 2 * h * w * (o + rows) * c * k * k,
        "sampling": 9 * h * w * c * k * k if guesses else 0,
    }


def kept(layer: nn.Module, x: Tensor) -> float:
    """Bytes stored for the backward pass, in multiples of those of x."""
    saved: list[Tensor] = []

    def note(t: Tensor) -> Tensor:
        saved.append(t)
        return t

    with torch.autograd.graph.saved_tensors_hooks(note, lambda t: t):
        layer(x)
    stores = {t.untyped_storage().data_ptr(): t for t in saved}
    sizes = [t.untyped_storage().nbytes() for t in stores.values()]
    return sum(sizes) / x.untyped_storage().nbytes()


# --8<-- [end:cost]
# --8<-- [start:demo]
def main() -> None:
    print("c = o = 256, 3 × 3, 32 × 32  parameters", end="")
    print("  conv MFLOPs  sampling MFLOPs")
    names = ("convolution", "version 1", "version 2")
    for name, guesses in zip(names, (0, 2, 3), strict=True):
        found = costs(256, 256, 3, 32, 32, guesses)
        print(f"{name:<27}{found['parameters']:>12,}", end="")
        print(f"{found['convolutions'] / 1e6:>13,.0f}", end="")
        print(f"{found['sampling'] / 1e6:>17,.0f}")
    torch.manual_seed(0)
    x = torch.randn(2, 64, 32, 32, requires_grad=True)
    print("kept for the backward pass, × input:")
    layers = (
        nn.Conv2d(64, 64, 3, padding=1),
        DeformableConvolution(64, 64, 3, 1, 1),
        ModulatedDeformableConvolution(64, 64, 3, 1, 1),
    )
    for name, layer in zip(names, layers, strict=True):
        print(f"{name:<14}{kept(layer, x):>6.0f}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
