"""Small LeNet, VGG and ResNet on real digits, at rest and on the move.

The first 1024 of scikit-learn's digits train, the other 773 test; each
is enlarged to 20 × 20 and centered in 32 × 32, so that it may move by
6 pixels either way. "Moving" training draws a new position for every image
and step.

Shapes: images (b, 1, 32, 32). Raises ValueError for an unknown name and for
a shift of more than 6 pixels.
"""

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from torch import Tensor, nn

from examples.architectures.cnn import LeNet5, map_loss, modern_lenet
from examples.architectures.cnn_codes import digit_codes
from examples.architectures.cnn_cost import layer_costs
from examples.architectures.resnet import ResNet
from examples.architectures.vgg import VGG

TRAINED_ON, BATCH, ROOM = 1024, 64, 6
RATES = {  # of Adam, at the peak of one cycle
    "linear": 0.003,
    "LeNet-5 (1998)": 0.005,
    "LeNet-5 (today)": 0.01,
    "VGG-11": 0.005,
    "ResNet-18": 0.01,
}


# --8<-- [start:networks]
def small_network(name: str) -> nn.Module:
    if name == "linear":
        return nn.Sequential(nn.Flatten(), nn.Linear(32 * 32, 10))
    if name == "LeNet-5 (1998)":
        return LeNet5(digit_codes())
    if name == "LeNet-5 (today)":
        return modern_lenet()
    if name == "VGG-11":
        return VGG(11, 10, width=4, norm=True, in_channels=1, dropout=0)
    if name == "ResNet-18":
        return ResNet(18, 10, width=8, in_channels=1)
    raise ValueError(f"name is {name!r}; must be one of {sorted(RATES)}")


# --8<-- [end:networks]
def centered_digits(train: bool) -> tuple[Tensor, Tensor]:
    images, labels = load_digits(return_X_y=True)
    part = slice(TRAINED_ON) if train else slice(TRAINED_ON, None)
    x = torch.tensor(images[part], dtype=torch.float32).view(-1, 1, 8, 8)
    x = F.interpolate(x / 16, (20, 20), mode="bilinear")
    return F.pad(x, [ROOM] * 4) * 1.275 - 0.1, torch.tensor(labels[part])


# --8<-- [start:move]
def moved(x: Tensor, right: int) -> Tensor:
    if abs(right) > ROOM:
        raise ValueError(f"right is {right}; must be -{ROOM} to {ROOM}")
    return torch.roll(x, right, dims=3)  # what goes around is background


def scattered(x: Tensor) -> Tensor:
    """Every image somewhere else."""
    shifts = torch.randint(-ROOM, ROOM + 1, (len(x), 2)).tolist()
    pairs = zip(x, shifts, strict=True)
    return torch.stack([torch.roll(i, s, dims=(1, 2)) for i, s in pairs])


# --8<-- [end:move]
def train(name: str, seed: int, moving: bool, epochs: int) -> nn.Module:
    x, y = centered_digits(train=True)
    torch.manual_seed(seed)
    model = small_network(name).train()
    optimizer = torch.optim.Adam(model.parameters())
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATES[name], total_steps=epochs * len(x) // BATCH
    )
    for _ in range(epochs):
        for chosen in torch.randperm(len(x)).split(BATCH):
            images = scattered(x[chosen]) if moving else x[chosen]
            scores = model(images).flatten(1)
            if isinstance(model, LeNet5):  # penalties
                loss = map_loss(scores, y[chosen], j=100)
            else:
                loss = F.cross_entropy(scores, y[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            cycle.step()
    return model.eval()


@torch.no_grad()
def accuracies(model: nn.Module, shifts: range) -> list[float]:
    x, y = centered_digits(train=False)
    sign = -1 if isinstance(model, LeNet5) else 1
    found = []
    for right in shifts:
        scores = sign * model(moved(x, right)).flatten(1)
        found.append(float((scores.argmax(1) == y).double().mean()))
    return found


def nearest(moving: bool, shifts: range) -> list[float]:
    """One nearest neighbor in pixels, without any training."""
    torch.manual_seed(0)
    x, y = centered_digits(train=True)
    known = (scattered(x) if moving else x).flatten(1)
    images, labels = centered_digits(train=False)
    found = []
    for right in shifts:
        seen = moved(images, right).flatten(1)
        closest = torch.cdist(seen, known).argmin(1)
        found.append(float((y[closest] == labels).double().mean()))
    return found


def shift_figure() -> Figure:
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    shifts = range(ROOM + 1)
    for axes, moving in zip(
        figure.subplots(1, 2, sharey=True), (False, True), strict=True
    ):
        axes.plot(
            shifts,
            nearest(moving, shifts),
            ":",
            color="#757b84",
            label="nearest neighbor",
        )
        for name, color in (
            ("linear", "#757b84"),
            ("LeNet-5 (today)", "#1f9d6b"),
            ("VGG-11", "#ea7a17"),
            ("ResNet-18", "#3b82f6"),
        ):
            model = train(name, 0, moving, 10 if moving else 5)
            scores = accuracies(model, shifts)
            axes.plot(shifts, scores, color=color, label=name)
        axes.set(ylim=(0, 1), xlabel="pixels to the right")
        axes.set_title("trained moving" if moving else "trained centered")
        axes.grid(visible=True)
    figure.axes[0].set_ylabel("test accuracy")
    handles, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3)
    return figure


def main() -> None:
    print("trained centered   parameters   MFLOPs  centered  4 px aside")
    for name in RATES:
        model = train(name, 0, moving=False, epochs=5)
        count = sum(p.numel() for p in model.parameters())
        layers = layer_costs(model, (1, 32, 32))
        flops = sum(layer.flops() for layer in layers) / 1e6
        at_rest, *_, aside = accuracies(model, range(5))
        said = f"{'over' if at_rest > 0.8 else 'under'} 0.8"
        then = f"{'over' if aside > 0.6 else 'under'} 0.6"
        print(f"{name:<18}{count:>11,}{flops:>9.2f}  {said:<9} {then}")


if __name__ == "__main__":
    main()
