"""Gates and gated ResNets against those of timm and pytorchcv."""

from collections.abc import Callable

import pytest
import torch
from pytorchcv.models.cbamresnet import (
    CbamBlock,
    CbamResNet,
    SpatialGate,
    cbam_resnet50,
)
from pytorchcv.models.common.att import SEBlock as TheirSEBlock
from pytorchcv.models.seresnet import SEResNet as TheirSEResNet
from pytorchcv.models.seresnet import seresnet50b
from timm.layers import SEModule
from timm.layers.cbam import CbamModule
from timm.models.senet import SENet, SEResNetBottleneck, legacy_seresnet50
from torch import nn, randn
from torch.utils.flop_counter import FlopCounterMode

from examples.modules.convolutional_attention import CBAM, SEBlock
from examples.modules.convolutional_attention_resnet import (
    CBAMResNet,
    SEResNet,
)
from tests.parity import TOLERANCE, module_differences

pytestmark = pytest.mark.usefixtures("float64")
Names = dict[str, str]
NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def worst_of(
    ours: Callable[[], nn.Module],
    theirs: Callable[[], nn.Module],
    x: torch.Tensor,
    names: Callable[[nn.Module], Names],
) -> dict[str, float]:
    worst: dict[str, float] = {}
    for training in (True, False):
        one, other = ours().train(training), theirs().train(training)
        found = module_differences(one, other, [x], names(one))
        worst = {k: max(worst.get(k, 0.0), v) for k, v in found.items()}
    return worst


def mapped(module: nn.Module, parts: Names) -> Names:
    """``parts`` says what each of our layers is called by them."""
    found = {}
    for name in module.state_dict():
        layer, _, tensor = name.rpartition(".")
        found[name] = f"{parts[layer]}.{tensor}"
    return found


def mean_first(network: nn.Module) -> nn.Module:
    """pytorchcv stacks maximum and mean; the paper, and we, mean and maximum."""

    def swap(conv: nn.Module, given: tuple) -> tuple:
        return (given[0].flip(1),)

    for module in network.modules():
        if isinstance(module, SpatialGate):
            module.conv.register_forward_pre_hook(swap)
    return network


TIMM_SE = {"mlp.0": "fc1", "mlp.2": "fc2"}
CV_SE = {"mlp.0": "conv1", "mlp.2": "conv2"}
TIMM_CBAM = {
    "channel.mlp.0": "channel.fc1",
    "channel.mlp.2": "channel.fc2",
    "spatial.conv": "spatial.conv.conv",
    "spatial.norm": "spatial.conv.bn",
}
CV_CBAM = {
    "channel.mlp.0": "ch_gate.mlp.fc1",
    "channel.mlp.2": "ch_gate.mlp.fc2",
    "spatial.conv": "sp_gate.conv.conv",
    "spatial.norm": "sp_gate.conv.bn",
}
GATES: dict[str, tuple] = {
    "timm SEModule": (
        lambda: SEBlock(12, 4),
        lambda: SEModule(12, rd_channels=3),
        TIMM_SE,
        12,
    ),
    "pytorchcv SEBlock": (
        lambda: SEBlock(32),
        lambda: TheirSEBlock(32),
        CV_SE,
        32,
    ),
    "timm CbamModule": (
        lambda: CBAM(12, 4),
        lambda: CbamModule(12, rd_channels=3, mlp_bias=True),
        TIMM_CBAM,
        12,
    ),
    "pytorchcv CbamBlock": (
        lambda: CBAM(32),
        lambda: mean_first(CbamBlock(32)),
        CV_CBAM,
        32,
    ),
}


@pytest.mark.parametrize("reference", GATES)
def test_gates_equal_theirs(reference: str, proof: Callable[..., None]) -> None:
    ours, theirs, parts, channels = GATES[reference]
    x = randn(3, channels, 9, 8)
    worst = worst_of(ours, theirs, x, lambda m: mapped(m, parts))
    assert max(worst.values()) < TOLERANCE, worst
    proof(
        ours=type(ours()).__name__,
        reference=reference,
        case="train and eval",
        **worst,
    )


def test_the_order_of_the_two_maps_matters() -> None:
    """Weights of one order load into the other without any error."""
    found = worst_of(
        lambda: CBAM(32),
        lambda: CbamBlock(32),
        randn(3, 32, 9, 8),
        lambda m: mapped(m, CV_CBAM),
    )
    assert found["forward"] > 1e-3


def cv_name(name: str, gate: Names, prefix: str) -> str:
    """``stages.0.1.branch.3.weight``: ``features.stage1.unit2.body.conv2…``"""
    layer, _, tensor = name.rpartition(".")
    part, *rest = layer.split(".")
    if part == "head":
        return f"output.{tensor}"
    if part == "stem":
        kind = "conv" if rest[0] == "0" else "bn"
        return f"features.init_block.conv.{kind}.{tensor}"
    stage, block, side, index, *inside = rest
    at = f"features.stage{int(stage) + 1}.unit{int(block) + 1}"
    if inside:
        return f"{at}.{prefix}.{gate['.'.join(inside)]}.{tensor}"
    kind = "bn" if int(index) % 3 else "conv"
    if side == "shortcut":
        return f"{at}.identity_conv.{'bn' if index == '1' else 'conv'}.{tensor}"
    return f"{at}.body.conv{int(index) // 3 + 1}.{kind}.{tensor}"


def cv_network(kind: type, layers: int, width: int) -> nn.Module:
    counts = {18: (2, 2, 2, 2), 50: (3, 4, 6, 3)}[layers]
    times = 4 if layers == 50 else 1
    own = {"conv1_stride": False} if kind is TheirSEResNet else {}
    network = kind(
        channels=[[times * width * 2**i] * n for i, n in enumerate(counts)],
        init_block_channels=width,
        bottleneck=layers == 50,
        num_classes=5,
        **own,
    )
    network.features.final_pool = nn.AdaptiveAvgPool2d(1)  # any size
    return mean_first(network)


@pytest.mark.parametrize(("layers", "width"), [(18, 16), (50, 8)])
@pytest.mark.parametrize("kind", [SEResNet, CBAMResNet])
def test_networks_equal_pytorchcv(
    kind: type, layers: int, width: int, proof: Callable[..., None]
) -> None:
    se = kind is SEResNet
    gate, prefix = (CV_SE, "se") if se else (CV_CBAM, "cbam")
    theirs = TheirSEResNet if se else CbamResNet
    worst = worst_of(
        lambda: kind(layers, 5, width),
        lambda: cv_network(theirs, layers, width),
        randn(2, 3, 64, 41),
        lambda m: {n: cv_name(n, gate, prefix) for n in m.state_dict()},
    )
    assert max(worst.values()) < TOLERANCE, worst
    proof(
        ours=f"{kind.__name__}({layers})",
        reference=f"pytorchcv {'SEResNet' if se else 'CbamResNet'}",
        case=f"width {width}, train and eval",
        **worst,
    )


def timm_name(name: str) -> str:
    layer, _, tensor = name.rpartition(".")
    part, *rest = layer.split(".")
    if part == "head":
        return f"last_linear.{tensor}"
    if part == "stem":
        return f"layer0.{'conv1' if rest[0] == '0' else 'bn1'}.{tensor}"
    stage, block, side, index, *inside = rest
    at = f"layer{int(stage) + 1}.{block}"
    if inside:
        return f"{at}.se_module.{TIMM_SE['.'.join(inside)]}.{tensor}"
    if side == "shortcut":
        return f"{at}.downsample.{index}.{tensor}"
    kind = "bn" if int(index) % 3 else "conv"
    return f"{at}.{kind}{int(index) // 3 + 1}.{tensor}"


def timm_network() -> nn.Module:
    """Two of its conventions made ours: the stride, and the pooling."""
    network = SENet(
        SEResNetBottleneck,
        (3, 4, 6, 3),
        groups=1,
        reduction=16,
        drop_rate=0.0,
        num_classes=5,
    )
    network.pool0 = nn.MaxPool2d(3, 2, padding=1)
    for module in network.modules():
        if isinstance(module, SEResNetBottleneck):
            module.conv1.stride, module.conv2.stride = (
                (1, 1),
                module.conv1.stride,
            )
    return network


def test_se_resnet50_equals_timm(proof: Callable[..., None]) -> None:
    worst = worst_of(
        lambda: SEResNet(50, 5),
        timm_network,
        randn(2, 3, 40, 33),
        lambda m: {n: timm_name(n) for n in m.state_dict()},
    )
    assert max(worst.values()) < TOLERANCE, worst
    proof(
        ours="SEResNet(50)",
        reference="timm legacy_seresnet50",
        case="full width, stride moved",
        **worst,
    )


def size(network: nn.Module) -> tuple[int, int]:
    """Parameters, and FLOPs for an image of 224 × 224."""
    x = torch.empty(1, 3, 224, 224, device="meta", dtype=torch.float64)
    with FlopCounterMode(display=False) as counter:
        network.eval()(x)
    parameters = sum(p.numel() for p in network.parameters())
    return parameters, counter.get_total_flops()


@pytest.mark.parametrize(
    ("name", "ours", "theirs", "parameters"),
    [
        ("seresnet50b", SEResNet, seresnet50b, 28_088_024),
        ("cbam_resnet50", CBAMResNet, cbam_resnet50, 28_089_624),
    ],
)
def test_full_networks_cost_the_same(
    name: str,
    ours: type,
    theirs: Callable[[], nn.Module],
    parameters: int,
    proof: Callable[..., None],
) -> None:
    with torch.device("meta"):
        found, expected = size(ours()), size(theirs())
        if ours is SEResNet:
            legacy = legacy_seresnet50()  # its stride costs less
            assert sum(p.numel() for p in legacy.parameters()) == parameters
    assert found == expected and found[0] == parameters
    proof(
        ours=f"{ours.__name__}(50)",
        reference=f"pytorchcv {name}",
        case="parameters, FLOPs at 224",
        forward=0.0,
    )
