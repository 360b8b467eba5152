"""Why did a plain U-Net learn nothing where an FCN did? One change a row.

Colors are random, so that only shape tells the classes. Every row trains
twice, 600 steps of 16 scenes, with the loop of the comparison; networks
without BN get a third of its learning rate, at which more of them learn.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.segmentation.fcn import FCN
from examples.segmentation.index import iou_per_class, mean_iou
from examples.segmentation.shapes import shapes_dataset
from examples.segmentation.training import evaluate, train
from examples.segmentation.unet import UNet

RIDDLE_STEPS, RIDDLE_SEEDS = 600, (0, 1)
RIDDLE_SCENES, RIDDLE_TEST = 2048, 256
K = 7  # classes of the scenes


# --8<-- [start:networks]
def small_unet(norm: bool = True) -> UNet:
    return UNet(3, K, 8, padding=1, norm=norm, dropout=0.1)


def small_fcn(norm: bool = True) -> FCN:
    return FCN(8, K, 16, True, 11, norm=norm, hidden=64, dropout=0.1)


def start_as_torch(model: nn.Module) -> nn.Module:
    """What every layer does by itself: a variance of 1 / (3 N)."""
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            layer.reset_parameters()
    return model


def without_top_skip(model: UNet) -> UNet:
    """The last level sees zeros in place of the encoder's map."""

    def mute(module: nn.Module, given: tuple[Tensor]) -> Tensor:
        skip, up = given[0].chunk(2, dim=1)
        return torch.cat([torch.zeros_like(skip), up], 1)

    model.up[-1].register_forward_pre_hook(mute)
    return model


# --8<-- [end:networks]
# --8<-- [start:losses]
class Supervised(nn.Module):
    """A second loss at the bottom of the U, on a 1 × 1 of its own."""

    aux_weights = (0.4,)

    def __init__(self) -> None:
        super().__init__()
        self.unet = small_unet()
        self.low = nn.Conv2d(16 * 8, K, 1)

    def forward(self, x: Tensor) -> Tensor | list[Tensor]:
        found: list[Tensor] = []
        hook = self.unet.down[-1].register_forward_hook(
            lambda module, given, y: found.append(self.low(y))
        )
        z = self.unet(x)
        hook.remove()
        if not self.training:
            return z
        return [z, F.interpolate(found[0], x.shape[2:], mode="bilinear")]


class Balanced(nn.Module):
    """All classes weigh the same, the background as well."""

    def __init__(self) -> None:
        super().__init__()
        self.unet = small_unet()

    def forward(self, x: Tensor) -> Tensor:
        return self.unet(x)

    def loss(self, z: Tensor, y: Tensor) -> Tensor:
        counts = torch.bincount(y.flatten(), minlength=K).clamp(min=1)
        return F.cross_entropy(z, y, weight=1 / counts)


# --8<-- [end:losses]
def variants() -> dict[str, tuple[str, Callable[[], nn.Module]]]:
    return {
        "unet_torch": (
            "U-Net, no BN, PyTorch's start",
            lambda: start_as_torch(small_unet(norm=False)),
        ),
        "unet_paper": (
            "U-Net, no BN, the paper's start",
            lambda: small_unet(norm=False),
        ),
        "unet": ("U-Net with BN", small_unet),
        "unet_balanced": ("  classes weigh the same", Balanced),
        "unet_longer": ("  three times the steps", small_unet),
        "unet_no_top": (
            "  no skip at full size",
            lambda: without_top_skip(small_unet()),
        ),
        "unet_supervised": ("  a loss at the bottom", Supervised),
        "fcn_paper": ("FCN-8s, no BN, He's start", lambda: small_fcn(False)),
        "fcn": ("FCN-8s with BN", small_fcn),
    }


def rows() -> list[str]:
    return list(variants())


def measure(row: str) -> dict:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    scenes = shapes_dataset("train", RIDDLE_SCENES)
    x, y = shapes_dataset("test", RIDDLE_TEST).tensors
    name, build = variants()[row]
    lr = 1e-3 if row.endswith(("_torch", "_paper")) else 3e-3
    steps = RIDDLE_STEPS * (3 if row == "unet_longer" else 1)
    confusions, curves, parameters = [], [], 0
    for seed in RIDDLE_SEEDS:
        torch.manual_seed(seed)
        model = build().to(memory_format=torch.channels_last)
        parameters = sum(p.numel() for p in model.parameters())
        losses = torch.tensor(train(model, scenes, steps, lr=lr, seed=seed))
        curves.append(losses.view(50, -1).mean(1))
        confusions.append(evaluate(model, x, y, K))
    torch.set_num_threads(threads)
    mious = [mean_iou(confusion) for confusion in confusions]
    ious = torch.stack([iou_per_class(c) for c in confusions]).mean(0)
    return {
        "name": name,
        "parameters": parameters,
        "miou_low": min(mious),
        "miou_high": max(mious),
        "background": float(ious[0]),
        "shapes": float(ious[1:].nanmean()),
        "loss": [round(v, 4) for v in torch.stack(curves).mean(0).tolist()],
    }
