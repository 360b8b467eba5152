"""Where SegFormer's knowledge of places comes from: zeros around its maps.

Give an untrained MiT an image of one color. Attention treats equal tokens
alike, LN and linear layers look at one token each; so tokens differ only
where a convolution saw the zeros of its padding, or a token that did. Two
kinds of convolutions pad: those of the patches and those of Mix-FFN. Either
can be made to wrap around instead, and the latter can be left out.

Shapes: a map (1, c, h, w); h × w tokens.
"""

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from examples.segmentation.segformer_mit import MiT, MixFFN, OverlapPatches

CASES = {  # padding of the patches and of Mix-FFN; "" without its 3 × 3
    "nothing padded": ("circular", "circular"),
    "no 3 × 3": ("zeros", ""),
    "Mix-FFN padded": ("circular", "zeros"),
    "as published": ("zeros", "zeros"),
}


# --8<-- [start:leak]
def padded(patches: str, mix: str) -> MiT:
    torch.manual_seed(0)
    mit = MiT().double().eval()
    for part in mit.modules():
        if isinstance(part, nn.Linear):  # or differences fade too soon
            nn.init.xavier_normal_(part.weight)
        elif isinstance(part, OverlapPatches):
            part.project.padding_mode = patches
        elif isinstance(part, MixFFN) and mix:
            part.depth.padding_mode = mix
        elif isinstance(part, MixFFN):
            part.depth = nn.Identity()
    return mit


@torch.no_grad()
def one_color(mit: MiT, side: int) -> list[Tensor]:
    return mit.features(torch.ones(1, 3, side, side).double())


def distinct_tokens(x: Tensor) -> int:  # (1, c, h, w)
    torch.manual_seed(1)
    seen = torch.randn(x.shape[1]).to(x) @ x[0].flatten(1)
    return 1 + int((seen.sort().values.diff() > 1e-9).sum())


# --8<-- [end:leak]
# --8<-- [start:demo]
def main() -> None:
    side = 512
    print(f"{side} × {side} pixels of one color: tokens that differ")
    print(f"{'':<16}1/4     1/8     1/16    1/32")
    maps = []
    for name, case in CASES.items():
        maps = one_color(padded(*case), side)
        counts = "".join(f"{distinct_tokens(x):<8}" for x in maps)
        print(f"{name:<16}{counts}".rstrip())
    sizes = "".join(f"{x[0, 0].numel():<8,}" for x in maps)
    print(f"{'of':<16}{sizes}".rstrip())


# --8<-- [end:demo]
def leak_figure() -> Figure:
    """How far each token is from the middle one, as a share of the most."""
    names = ("no 3 × 3", "Mix-FFN padded", "as published")
    figure = Figure(figsize=(6.4, 4.9), layout="constrained")
    for row, name in zip(figure.subplots(3, 4), names, strict=True):
        maps = one_color(padded(*CASES[name]), 512)
        for i, (axes, x) in enumerate(zip(row, maps, strict=True)):
            h, w = x.shape[2:]
            far = (x - x[:, :, h // 2, w // 2, None, None]).norm(dim=1)[0]
            shown = (far / far.max()).clamp(1e-4).log10()
            axes.imshow(shown, cmap="magma", vmin=-4, vmax=0)
            axes.set(xticks=[], yticks=[])
            if name == names[0]:
                axes.set_title(f"1/{4 * 2**i}")
        row[0].set_ylabel(name)
    return figure


if __name__ == "__main__":
    main()
