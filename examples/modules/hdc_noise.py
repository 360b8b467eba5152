"""What lattices do to a segmentation: noise that neighbors do not share.

Label every pixel of a noisy image as blob or background. A 1 × 1 layer,
three dilated 3 × 3 layers and a 1 × 1 head see nothing but the lattices
of their rates. Two noisy copies of one scene are fed to the trained net;
the difference of the answers is what noise alone did, and its correlation
at a distance tells how far two pixels err together.

Shapes: image (b, 1, h, w), label (b, 1, h, w) of 0 and 1, answers before
the sigmoid. Raises ValueError for images smaller than the margins.
"""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor, nn

from examples.modules.hdc import DilatedStack

CHANNELS, NOISE, BLUR, MARGIN = 8, 2.1, 5.0, 10


def scene(count: int, size: int, random: torch.Generator) -> Tensor:
    """Blobs: where white noise, blurred by a Gaussian, is positive."""
    if size < 2 * MARGIN:
        raise ValueError(f"size is {size}; must be at least {2 * MARGIN}")
    white = torch.randn(count, 1, size, size, generator=random)
    frequency = torch.fft.fftfreq(size)  # cycles a pixel
    gain = (-2 * (torch.pi * BLUR * frequency) ** 2).exp()
    spectrum = torch.fft.fft2(white) * gain[:, None] * gain
    return (torch.fft.ifft2(spectrum).real > 0).float()


def observe(label: Tensor, random: torch.Generator) -> Tensor:
    noise = torch.randn(label.shape, generator=random)
    return 2 * label - 1 + NOISE * noise


# --8<-- [start:network]
class Shortcut(nn.Module):
    def __init__(self, rate: int) -> None:
        super().__init__()
        self.branch = DilatedStack(CHANNELS, [rate])

    def forward(self, x: Tensor) -> Tensor:  # (b, c, h, w)
        return x + self.branch(x)


def network(body: nn.Module, first: int = 1) -> nn.Sequential:
    """Nothing but the body looks at neighbors, unless ``first`` is 3."""
    lift = nn.Conv2d(1, CHANNELS, first, padding=first // 2)
    head = nn.Conv2d(CHANNELS, 1, 1)
    return nn.Sequential(lift, nn.ReLU(), body, head)


def plain(rates: Sequence[int], first: int = 1) -> nn.Sequential:
    return network(DilatedStack(CHANNELS, rates), first)


NETWORKS: dict[str, Callable[[], nn.Sequential]] = {
    "1-1-1": lambda: plain((1, 1, 1)),
    "1-2-3": lambda: plain((1, 2, 3)),
    "1-2-5": lambda: plain((1, 2, 5)),
    "2-2-2": lambda: plain((2, 2, 2)),
    "2-2-2, shortcuts": lambda: network(
        nn.Sequential(*(Shortcut(2) for _ in range(3)))
    ),
    "2-2-2 after 3 × 3": lambda: plain((2, 2, 2), first=3),
    "2-2-1": lambda: plain((2, 2, 1)),
    "1-2-9": lambda: plain((1, 2, 9)),
    "1-4-4": lambda: plain((1, 4, 4)),
}


# --8<-- [end:network]
# --8<-- [start:train]
def train(
    build: Callable[[], nn.Sequential], seed: int, steps: int = 80
) -> nn.Sequential:
    torch.manual_seed(seed)
    model, random = build(), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-2)
    decay = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0.01, steps)
    for _ in range(steps):
        label = scene(8, 32, random)
        answer = model(observe(label, random))
        loss = F.binary_cross_entropy_with_logits(answer, label)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        decay.step()
    return model.eval()


@torch.no_grad()
def judge(model: nn.Module, lags: int = 6) -> tuple[float, list[float]]:
    """Wrong pixels, and the correlation of noise at each distance."""
    random = torch.Generator().manual_seed(0)
    label = scene(16, 48, random)
    first = model(observe(label, random))
    noise = first - model(observe(label, random))
    inside = slice(MARGIN, -MARGIN)  # zero padding is not on trial
    wrong = ((first > 0) != (label > 0))[..., inside, inside]
    noise = noise[..., inside, inside]
    size = noise.shape[-1]
    along = [
        float((noise[..., lag:] * noise[..., : size - lag]).mean())
        for lag in range(lags + 1)
    ]
    return float(wrong.float().mean()), [a / along[0] for a in along]


# --8<-- [end:train]
def noise_figure() -> Figure:
    figure = Figure(figsize=(6.4, 5), layout="constrained")
    panels = figure.subplot_mosaic("ABCD;EEEE", height_ratios=(1, 1.7))
    random = torch.Generator().manual_seed(3)
    label = scene(1, 48, random)
    image = observe(label, random)
    shown = {"A": ("image", image), "B": ("label", label)}
    styles = {
        "C": ("2-2-2", "#ea7a17", "o-"),
        "D": ("1-2-3", "#3b82f6", "s-"),
        "": ("2-2-1", "#1f9d6b", "^--"),
    }
    for place, (name, color, line) in styles.items():
        model = train(NETWORKS[name], seed=1)
        _, correlation = judge(model)
        panels["E"].plot(correlation, line, color=color, label=name)
        if place:
            answer = (model(image) > 0).float()
            shown[place] = (name, answer)
    for place, (name, picture) in shown.items():
        axes = panels[place]
        axes.imshow(picture[0, 0], cmap="gray")
        axes.set_title(name)
        axes.axis("off")
    panels["E"].set(xlabel="distance of two outputs, pixels")
    panels["E"].set(ylabel="correlation of their noise", ylim=(-0.15, 1.05))
    panels["E"].grid(visible=True)
    panels["E"].legend()
    return figure


def main() -> None:
    print("                   wrong     neighbors")
    print("rates              pixels    err together")
    for name, build in NETWORKS.items():
        wrong, correlation = judge(train(build, seed=1))
        together = "yes" if correlation[1] > 0.3 else "no"
        print(f"{name:<19}{100 * wrong:>4.0f} %     {together}")


if __name__ == "__main__":
    main()
