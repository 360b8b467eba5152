"""A chain of n residual blocks is a sum over 2^n paths, each taken apart.

    dL/dx_0 = (I + J_1)^T ... (I + J_n)^T g,   g = dL/dx_n

J_l is the Jacobian of branch l at its own input. Multiplied out there is
one product of Jacobians for every subset of the branches: a path. Paths
through k branches are summed by a recurrence, not listed. After Veit et
al., arxiv.org/abs/1605.06431.

Shapes: x and g (b, c, h, w); parts (n + 1, b, c, h, w). Raises ValueError
for an empty chain and for blocks whose input is projected.
"""

from collections.abc import Sequence
from math import comb

import torch
from matplotlib.figure import Figure
from torch import Tensor

from examples.modules.residual import PreActivationBlock

BLOCKS = 16


# --8<-- [start:parts]
def gradient_by_length(
    chain: Sequence[PreActivationBlock], x: Tensor, g: Tensor
) -> Tensor:
    """dL/dx split by the number of branches that a path goes through."""
    if not chain or any(block.project is not None for block in chain):
        raise ValueError("chain must hold blocks with an identity shortcut")
    passed = []
    for block in chain:
        x = x.detach().requires_grad_()
        added = block.branch(block.activate(x))
        passed.append((x, added))
        x = x + added
    parts = g[None]  # (1, b, c, h, w): no branch passed yet
    for x, added in reversed(passed):
        through = torch.stack(
            [
                torch.autograd.grad(added, x, part, retain_graph=True)[0]
                for part in parts
            ]
        )
        none = torch.zeros_like(g)[None]
        parts = torch.cat([parts, none]) + torch.cat([none, through])
    return parts


# --8<-- [end:parts]
def shares(seed: int, blocks: int = BLOCKS) -> Tensor:
    """Squared norms of the parts over their sum, at the start."""
    torch.manual_seed(seed)
    chain = [PreActivationBlock(16, 16) for _ in range(blocks)]
    x, g = torch.randn(2, 32, 16, 4, 4)
    parts = gradient_by_length(chain, x, g)
    energy = parts.flatten(1).square().sum(1)
    return energy / energy.sum()


def paths_figure() -> Figure:
    figure = Figure(figsize=(6.4, 4.6), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True)
    lengths = range(BLOCKS + 1)
    counts = [comb(BLOCKS, k) for k in lengths]
    top.bar(lengths, counts, color="#757b84", alpha=0.7)
    top.set(ylabel="paths of this length")
    runs = torch.stack([shares(seed) for seed in (0, 1, 2)])
    bottom.bar(lengths, runs.mean(0), color="#3b82f6")
    bottom.set(ylabel="share of the gradient", xticks=lengths[::2])
    bottom.set_xlabel("branches that the path goes through, of 16")
    for axes in (top, bottom):
        axes.grid(visible=True, axis="y")
    return figure


def main() -> None:
    lengths = torch.arange(BLOCKS + 1)
    counts = torch.tensor([comb(BLOCKS, k) for k in range(BLOCKS + 1)])
    mean = float((counts * lengths).sum() / counts.sum())
    share = torch.stack([shares(seed) for seed in (0, 1, 2)]).mean(0)
    print(f"paths through {BLOCKS} blocks: {int(counts.sum()):,}")
    print(f"branches on an average path: {mean:.0f}")
    print(f"weighted by the gradient: {float(share @ lengths.float()):.0f}")
    short = lengths <= 4
    few = int(counts[short].sum())
    print(f"at most 4 branches: {few:,} paths,", end="")
    print(f" {float(share[short].sum()):.2f} of the gradient")


if __name__ == "__main__":
    main()
