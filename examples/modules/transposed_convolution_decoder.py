"""Does training remove the checkerboard?

Three decoders enlarge smooth 6 × 6 images to 24 × 24 in two steps of two,
with kernel 3 at stride 2, with kernel 4 at stride 2, or by nearest-neighbor
resizing and a 3 × 3 convolution. Then each gets a flat image, and whatever
is not flat in the middle of its output is its own doing.

Shapes: images (b, 1, 24, 24), inputs (b, 1, 6, 6).
"""

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor, nn

from examples.modules.convolution import Convolution
from examples.modules.transposed_convolution import TransposedConvolution
from examples.modules.transposed_convolution_overlap import ripple

SIZE, CHANNELS = 24, 8
COLORS = {"kernel 3": "#e5484d", "kernel 4": "#ea7a17", "resize": "#1f9d6b"}
STEPS = (0, 20, 50, 100)


# --8<-- [start:decoder]
class ResizeConvolution(nn.Module):
    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.convolution = Convolution(channels, out, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        x = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
        return self.convolution(x)


def twice(kind: str, channels: int, out: int) -> nn.Module:
    if kind == "kernel 3":
        return TransposedConvolution(channels, out, 3, 2, 1, 1)
    if kind == "kernel 4":
        return TransposedConvolution(channels, out, 4, 2, 1)
    return ResizeConvolution(channels, out)


def decoder(kind: str) -> nn.Module:
    return nn.Sequential(
        Convolution(1, CHANNELS, 3, padding=1),
        nn.ReLU(),
        twice(kind, CHANNELS, CHANNELS),
        nn.ReLU(),
        twice(kind, CHANNELS, 1),
    )


# --8<-- [end:decoder]
# --8<-- [start:train]
def smooth_images(count: int, random: torch.Generator) -> Tensor:
    noise = torch.randn(count, 1, SIZE, SIZE, generator=random)
    line = torch.fft.fftfreq(SIZE)
    keep = torch.exp(-(line[:, None] ** 2 + line**2) / (2 * 0.05**2))
    image = torch.fft.ifft2(torch.fft.fft2(noise) * keep).real
    return image / image.std()


@torch.no_grad()
def flat_outputs(model: nn.Module) -> Tensor:
    """The middle of what becomes of two flat images, 1 and -1."""
    levels = torch.tensor([1.0, -1.0])[:, None, None, None]
    return model(levels.expand(2, 1, 10, 10))[..., 12:-12, 12:-12]


def train(kind: str, seed: int) -> tuple[dict[int, Tensor], float]:
    """Flat outputs after some of the steps, and the final test error."""
    torch.manual_seed(seed)
    random = torch.Generator().manual_seed(seed)
    model, flat = decoder(kind), {}
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step in range(STEPS[-1] + 1):
        if step in STEPS:
            flat[step] = flat_outputs(model)
        images = smooth_images(8, random)
        error = F.mse_loss(model(F.avg_pool2d(images, 4)), images)
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
    images = smooth_images(64, torch.Generator().manual_seed(99))
    with torch.no_grad():
        error = F.mse_loss(model(F.avg_pool2d(images, 4)), images)
    return flat, error.item()


# --8<-- [end:train]
def relative_ripple(flat: Tensor) -> float:
    """Amplitude of the pattern in percent of that of the image."""
    return 100 * ripple(flat, 4) ** 0.5


def main() -> None:
    print("ripple on a flat image, % of its amplitude, two seeds each")
    print(f"{'steps of training':<18}", *[f"{step:>9}" for step in STEPS])
    for kind in COLORS:
        runs = [train(kind, seed)[0] for seed in (0, 1)]
        cells = [
            "/".join(f"{relative_ripple(run[step]):.0f}" for run in runs)
            for step in STEPS
        ]
        print(f"{kind:<18}", *[f"{cell:>9}" for cell in cells])


def decoder_figure() -> Figure:
    figure = Figure(figsize=(6.4, 5.2), layout="constrained")
    grid = figure.add_gridspec(2, 3, height_ratios=(1, 1.1))
    curves = figure.add_subplot(grid[1, :])
    for place, (kind, color) in enumerate(COLORS.items()):
        flat = train(kind, seed=1)[0]
        axes = figure.add_subplot(grid[0, place])
        image = flat[STEPS[1]][0, 0]
        axes.imshow(image / image.mean(), vmin=0, vmax=2)
        axes.set_title(f"{kind}, {STEPS[1]} steps", color=color)
        axes.axis("off")
        shares = [relative_ripple(flat[step]) for step in STEPS]
        curves.plot(STEPS, shares, "o-", color=color, label=kind)
    curves.set(xlabel="steps of training", ylabel="ripple, %")
    curves.grid()
    curves.legend()
    return figure


if __name__ == "__main__":
    main()
