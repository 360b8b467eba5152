"""A feed-forward network of any depth, with its backward pass by hand.

    a_0 = x,   z_l = a_(l-1) W_l^T + b_l,   a_l = f(z_l) for l < L
    delta_L = dloss/dz_L,   delta_l = (delta_(l+1) W_(l+1)) * f'(z_l)
    dW_l = delta_l^T a_(l-1),   db_l = sum over rows of delta_l

After Rumelhart, Hinton and Williams 1986, doi.org/10.1038/323533a0. No
activation follows the last layer: the loss reads z_L and gives delta_L.

Shapes: x (n, d), W_l (k, d), b_l (1, k), z_L and target (n, k). Weights
with one more axis in front are that many networks, trained side by side.
Raises ValueError for widths, inputs and targets that do not fit.
"""

import math
from itertools import pairwise

import torch
from torch import Tensor

from examples.modules.activation import Curve, curves
from examples.modules.linear_init import normal

Layers = list[tuple[Tensor, Tensor]]  # W and b of each


# --8<-- [start:start]
def initialize(widths: list[int], seed: int = 0) -> Layers:
    if len(widths) < 2 or min(widths) < 1:
        raise ValueError(f"widths is {widths}; two or more, all above 0")
    torch.manual_seed(seed)
    layers: Layers = []
    for d, k in pairwise(widths):
        w = normal(torch.empty(k, d), "kaiming fan_in", math.sqrt(2))
        layers.append((w, torch.zeros(1, k)))
    return layers


def side_by_side(networks: list[Layers]) -> Layers:
    """Networks of the same widths as one, with an axis in front."""
    columns = zip(*networks, strict=True)  # the l-th layer of each
    return [
        (torch.stack([w for w, _ in c]), torch.stack([b for _, b in c]))
        for c in columns
    ]


# --8<-- [end:start]
# --8<-- [start:forward]
def forward(
    layers: Layers, x: Tensor, value: Curve
) -> tuple[list[Tensor], list[Tensor]]:
    """What each layer reads, a_0 to a_(L-1), and its sums, z_1 to z_L."""
    width = layers[0][0].shape[-1]
    if x.dim() < 2 or x.shape[-1] != width:
        raise ValueError(f"x is {tuple(x.shape)}; must be (n, {width})")
    inputs: list[Tensor] = []
    sums: list[Tensor] = []
    for w, b in layers:
        inputs.append(value(sums[-1]) if sums else x)
        sums.append(inputs[-1] @ w.mT + b)  # (n, d) -> (n, k)
    return inputs, sums


# --8<-- [end:forward]
# --8<-- [start:backward]
def backward(
    layers: Layers,
    inputs: list[Tensor],
    sums: list[Tensor],
    delta: Tensor,  # dloss/dz_L
    slope: Curve,
) -> tuple[Layers, Tensor]:
    """Gradients of every W and b, and of x."""
    found: Layers = []
    for i in reversed(range(len(layers))):
        dw = delta.mT @ inputs[i]  # (k, n) (n, d)
        found.append((dw, delta.sum(-2, keepdim=True)))
        delta = delta @ layers[i][0]  # (n, k) (k, d): now dloss/da
        if i > 0:
            delta = delta * slope(sums[i - 1])
    return found[::-1], delta


# --8<-- [end:backward]
def check_target(z: Tensor, target: Tensor) -> None:
    if target.shape[-2:] != z.shape[-2:]:
        given, wanted = tuple(target.shape), tuple(z.shape)
        raise ValueError(f"target is {given}; it must be as z, {wanted}")


# --8<-- [start:losses]
def cross_entropy(z: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Of softmax(z); target has a distribution in each row. Loss, delta."""
    check_target(z, target)
    if (target.sum(-1) - 1).abs().max() > 1e-5:
        raise ValueError("target has rows that do not add up to 1")
    shifted = z - z.amax(-1, keepdim=True)  # the largest exponential is 1
    log_p = shifted - shifted.exp().sum(-1, keepdim=True).log()
    n = z.shape[-2]
    return -(target * log_p).sum((-2, -1)) / n, (log_p.exp() - target) / n


def squared_error(z: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Mean over all entries; loss and delta."""
    check_target(z, target)
    difference, entries = z - target, z.shape[-2] * z.shape[-1]
    loss = difference.square().sum((-2, -1)) / entries
    return loss, 2 * difference / entries


# --8<-- [end:losses]
# --8<-- [start:demo]
def main() -> None:
    layers = [(w.double(), b.double()) for w, b in initialize([5, 8, 6, 3])]
    x = torch.randn(4, 5).double()
    target = torch.eye(3).double()[[0, 2, 1, 1]]
    value, slope = curves()["Tanh"]
    inputs, sums = forward(layers, x, value)
    loss, delta = cross_entropy(sums[-1], target)
    by_hand, dx = backward(layers, inputs, sums, delta, slope)

    leaves = [t.requires_grad_() for layer in layers for t in layer]
    z = x.requires_grad_()
    for i, (w, b) in enumerate(layers):
        z = torch.nn.functional.linear(z, w, b[0])
        z = z.tanh() if i < 2 else z
    autograd = torch.nn.functional.cross_entropy(z, target)
    names = ["loss", "W1", "b1", "W2", "b2", "W3", "b3", "x"]
    mine = [loss, *(t for pair in by_hand for t in pair), dx]
    found = torch.autograd.grad(autograd, [*leaves, x])
    theirs = [autograd, *found]
    for name, a, b in zip(names, mine, theirs, strict=True):
        same = "equal" if (a - b).abs().max() < 1e-12 else "differ"
        print(f"{name:<5} {same}  {tuple(a.shape)}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
