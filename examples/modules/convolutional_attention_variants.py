"""The parts of CBAM alone, in other orders, and a sum instead of a product.

    spatial first   y = channel(spatial(x))
    parallel        y = x * gate_c(x) * gate_s(x)     both read x itself
    added           y = x + W2 relu(W1 mean_hw(x))    the weights of SE

Shapes: x and y (b, c, h, w). Raises ValueError for an unknown kind.
"""

from torch import Tensor, nn

from examples.modules.convolutional_attention import (
    CBAM,
    ChannelAttention,
    SEBlock,
    SpatialAttention,
)
from examples.modules.residual import check_channels


# --8<-- [start:variants]
class ParallelCBAM(CBAM):
    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        return x * self.channel.gate(x) * self.spatial.gate(x)


class SpatialFirstCBAM(CBAM):
    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        return self.channel(self.spatial(x))


class AddedContext(SEBlock):
    """Tells every place the same global facts, without a gate."""

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        check_channels(x, self.channels)
        return x + self.mlp(x.mean(dim=(2, 3)))[..., None, None]


# --8<-- [end:variants]
def make_gate(kind: str, channels: int, reduction: int) -> nn.Module:
    kinds = {
        "plain": nn.Identity,
        "added": lambda: AddedContext(channels, reduction),
        "se": lambda: SEBlock(channels, reduction),
        "channel": lambda: ChannelAttention(channels, reduction),
        "spatial": SpatialAttention,
        "cbam": lambda: CBAM(channels, reduction),
        "spatial_first": lambda: SpatialFirstCBAM(channels, reduction),
        "parallel": lambda: ParallelCBAM(channels, reduction),
    }
    if kind not in kinds:
        known = sorted(kinds)
        raise ValueError(f"kind is {kind!r}; must be one of {known}")
    return kinds[kind]()
