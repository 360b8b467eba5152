"""What gates say, and what is left of them when they stop listening.

A gate that says the same for every input is no attention: its factors can
be multiplied into the BN before it, and nobody would notice.

    s BN(z) = (s gamma) (z - mean) / std + s beta

``record_gates`` collects every gate for a batch; ``freeze_gates`` replaces
gates by their mean over one; ``fold_gates`` multiplies frozen gates of
channels into the BN and drops them.

Shapes: x (b, c, h, w); gates (b, c, 1, 1) or (b, 1, h, w). Raises
ValueError when there is no gate to freeze.
"""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from examples.modules.convolutional_attention import (
    ChannelAttention,
    SEBlock,
)
from examples.modules.residual import ResidualBlock

CHANNEL_GATES = (SEBlock, ChannelAttention)


@torch.no_grad()
def record_gates(
    network: nn.Module, x: Tensor, kinds: tuple[type, ...]
) -> dict[str, Tensor]:
    """What every gate of these kinds says while the network reads x."""
    found: dict[str, Tensor] = {}
    gates = [
        (name, module)
        for name, module in network.named_modules()
        if type(module) in kinds
    ]
    for name, module in gates:

        def note(
            x: Tensor,
            gate: Callable[[Tensor], Tensor] = module.gate,
            name: str = name,
        ) -> Tensor:
            found[name] = gate(x)
            return found[name]

        module.gate = note  # in the place of the method
    network(x)
    for _, module in gates:
        del module.gate
    return found


# --8<-- [start:freeze]
class ConstantGate(nn.Module):
    factor: Tensor

    def __init__(self, factor: Tensor) -> None:
        super().__init__()
        self.register_buffer("factor", factor)

    def gate(self, x: Tensor) -> Tensor:
        return self.factor

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        return x * self.factor


def freeze_gates(
    network: nn.Module, x: Tensor, kinds: tuple[type, ...]
) -> nn.Module:
    """A copy whose gates give, whatever they see, their mean over x."""
    gates = record_gates(network, x, kinds)
    if not gates:
        raise ValueError("network has no gate of these kinds")
    frozen = copy.deepcopy(network)
    for name, gate in gates.items():
        parent, _, child = name.rpartition(".")
        constant = ConstantGate(gate.mean(dim=0, keepdim=True))
        setattr(frozen.get_submodule(parent), child, constant)
    return frozen


@torch.no_grad()
def fold_gates(network: nn.Module) -> None:
    """Branches that end in BN and a frozen gate of channels end in BN."""
    for block in network.modules():
        if isinstance(block, ResidualBlock):
            *_, norm, gate = block.branch
            if isinstance(gate, ConstantGate):
                norm.weight *= gate.factor.flatten()
                norm.bias *= gate.factor.flatten()
                block.branch = block.branch[:-1]


# --8<-- [end:freeze]
# --8<-- [start:demo]
def main() -> None:
    torch.manual_seed(0)
    blocks = [ResidualBlock(16, 16) for _ in range(3)]
    for block in blocks:
        block.branch.append(SEBlock(16, reduction=4))
    network = nn.Sequential(*blocks).eval()
    x = torch.randn(8, 16, 9, 9)
    frozen = freeze_gates(network, x, CHANNEL_GATES)
    y = frozen(x)
    fold_gates(frozen)
    same = torch.allclose(frozen(x), y, atol=1e-5)
    for name, model in {"trained": network, "folded": frozen}.items():
        count = sum(p.numel() for p in model.parameters())
        print(f"{name:<8}{count:>7,} parameters, ends in", end=" ")
        print(type(model[0].branch[-1]).__name__)
    print(f"folded equals frozen: {same}")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
