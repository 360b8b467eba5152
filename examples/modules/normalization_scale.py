"""How large may a step be, and how large the weights, with BN and without?

A network of six hidden layers reads scikit-learn's digits for 40 steps of
plain SGD at batch size 64. The initial weights are Kaiming's, once halved
and once doubled, and the learning rate runs over four powers. What varies
is only whether each layer is followed by BN.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import nn

from examples.modules.normalization import BatchNorm
from examples.modules.normalization_batch_size import Data, digits

SCALES = (0.5, 1.0, 2.0)
RATES = (0.03, 0.1, 0.3, 1.0)
STYLES_BY_SCALE = {0.5: "o--", 1.0: "s-", 2.0: "^:"}


# --8<-- [start:network]
def deep_net(normalized: bool, scale: float) -> nn.Sequential:
    layers: list[nn.Module] = []
    for c_in in (64, 32, 32, 32, 32, 32):
        conv = nn.Conv2d(c_in, 32, 1, bias=not normalized)  # per pixel
        nn.init.kaiming_normal_(conv.weight)
        conv.weight.data *= scale
        if conv.bias is not None:
            nn.init.zeros_(conv.bias)
        norm = BatchNorm(32) if normalized else nn.Identity()
        layers += [conv, norm, nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(32, 10))


# --8<-- [end:network]
# --8<-- [start:learned]
def learned(
    normalized: bool, scale: float, rate: float, seed: int, data: Data
) -> float:
    """Test accuracy after 40 steps."""
    x, y, x_test, y_test = data
    x, x_test = x.view(-1, 64, 1, 1), x_test.view(-1, 64, 1, 1)
    torch.manual_seed(seed)
    model = deep_net(normalized, scale)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    for _ in range(40):
        chosen = torch.randint(len(x), (64,))
        optimizer.zero_grad()
        F.cross_entropy(model(x[chosen]), y[chosen]).backward()
        optimizer.step()
    with torch.no_grad():
        right = model.eval()(x_test).argmax(dim=1) == y_test
    return right.double().mean().item()


# --8<-- [end:learned]
def table(normalized: bool, seed: int = 0) -> list[list[float]]:
    """Accuracy by scale of the weights and by learning rate."""
    data = digits()
    return [
        [learned(normalized, scale, rate, seed, data) for rate in RATES]
        for scale in SCALES
    ]


def curves(rows: Sequence[Sequence[float]]) -> dict[float, Sequence[float]]:
    return dict(zip(SCALES, rows, strict=True))


def scale_figure() -> Figure:
    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for panel, normalized in zip(panels, (False, True), strict=True):
        for scale, row in curves(table(normalized)).items():
            style = STYLES_BY_SCALE[scale]
            panel.plot(RATES, row, style, label=f"weights × {scale:g}")
        panel.set_title("BN after every layer" if normalized else "no BN")
        panel.set_xscale("log")
        panel.set_xticks(RATES, labels=[f"{rate:g}" for rate in RATES])
        panel.minorticks_off()
        panel.set(xlabel="learning rate", ylim=(0, 1))
        panel.grid()
    panels[0].set_ylabel("test accuracy after 40 steps")
    panels[0].legend(loc="upper right")
    return figure


def main() -> None:
    print("best of four learning rates reaches 0.8")
    for normalized in (False, True):
        for scale, row in curves(table(normalized)).items():
            name = "BN" if normalized else "no BN"
            verdict = "yes" if max(row) > 0.8 else "no"
            print(f"{name:<6} weights × {scale:<4g} {verdict}")


if __name__ == "__main__":
    main()
