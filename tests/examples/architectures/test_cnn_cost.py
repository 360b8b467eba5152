"""Costs against torch's own counter and against published figures."""

from collections.abc import Callable
from types import ModuleType

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from examples.architectures import cnn_cost
from examples.architectures.cnn import LeNet5
from examples.architectures.cnn_cost import alexnet_costs, layer_costs
from examples.architectures.cnn_family import family, map_shapes
from examples.architectures.resnet import ResNet
from examples.architectures.vgg import VGG
from tests.mutants import mutate

PHOTO = (3, 224, 224)
GMACS = {  # torchvision's records, for 224 × 224
    (VGG, 11): 7.609,
    (VGG, 13): 11.308,
    (VGG, 16): 15.47,
    (VGG, 19): 19.632,
    (ResNet, 18): 1.814,
    (ResNet, 34): 3.664,
    (ResNet, 50): 4.089,
    (ResNet, 101): 7.801,
    (ResNet, 152): 11.514,
}


def counted(model: nn.Module, image: tuple[int, int, int]) -> int:
    device = next(model.parameters()).device
    with FlopCounterMode(display=False) as counter:
        model.eval()(torch.zeros(1, *image, device=device))
    return counter.get_total_flops()


def total(m: ModuleType, model: nn.Module, image: tuple[int, int, int]) -> int:
    return sum(layer.flops() for layer in m.layer_costs(model, image))


def all_networks() -> dict[str, tuple[nn.Module, tuple[int, int, int]]]:
    with torch.device("meta"):
        return family() | {
            "odd sizes": (ResNet(50, output_stride=8), (3, 225, 131)),
            "multi-grid": (
                ResNet(50, output_stride=16, multi_grid=(1, 2, 4)),
                (3, 65, 97),
            ),
            "wide LeNet-5": (LeNet5(torch.empty(10, 84)), (1, 40, 77)),
            "BN": (VGG(13, norm=True, width=8), (3, 100, 90)),
        }


def test_formula_equals_the_counter_of_torch(
    proof: Callable[..., None],
) -> None:
    networks = all_networks()
    for model, image in networks.values():
        assert total(cnn_cost, model, image) == counted(model, image)
    proof(
        ours="layer_costs",
        reference="torch.utils.flop_counter",
        case=f"{len(networks)} networks, exactly",
        forward=0.0,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2 * self.weights", "self.weights"),
        ("* self.positions", "* self.positions**2"),
        ("y.shape[2:].numel()", "y.shape[-1]"),
        ("y.shape[2:].numel()", "y.numel()"),
        ("layer.weight.numel()", "layer.weight[0].numel()"),
        ("nn.Conv2d | nn.Linear", "nn.Conv2d"),
        ("found.append(Layer(", "found.insert(0, Layer("),
    ],
)
def test_the_counter_notices_the_mutant(old: str, new: str) -> None:
    mutant = mutate(cnn_cost, old, new)
    image = (3, 97, 131)
    with torch.device("meta"):
        model = ResNet(50, output_stride=8)
    if "insert" in new:  # a sum does not see the order
        names = [layer.name for layer in mutant.layer_costs(model, image)]
        assert names[0] != "stem.0"
        return
    assert total(mutant, model, image) != counted(model, image)


@pytest.mark.parametrize(("kind", "layers"), GMACS)
def test_multiply_adds_as_published(kind: type, layers: int) -> None:
    with torch.device("meta"):
        flops = total(cnn_cost, kind(layers), PHOTO)
    assert round(flops / 2e9, 3) == GMACS[kind, layers]


def test_the_stride_of_the_paper_explains_its_smaller_counts() -> None:
    """3.8, 7.6 and 11.3 billion: the stride on the first 1 × 1."""
    for layers, published in ((50, 3.8), (101, 7.6), (152, 11.3)):
        with torch.device("meta"):
            model = ResNet(layers)
        for stage in list(model.stages)[1:]:
            branch = list(next(stage.children()).branch.children())
            branch[0].stride, branch[3].stride = (2, 2), (1, 1)
        macs = total(cnn_cost, model, PHOTO) / 2e9
        assert abs(macs - published) < 0.06


def test_layers_come_in_order_and_the_mode_is_kept() -> None:
    model = VGG(11, 10, 2, in_channels=1).train()
    layers = layer_costs(model, (1, 32, 32))
    assert model.training
    assert [layer.positions for layer in layers] == [
        *(1024, 256, 64, 64, 16, 16, 4, 4, 1, 1, 1)
    ]
    assert not any(m._forward_hooks for m in model.modules())


def test_where_the_cost_of_vgg_sits() -> None:
    with torch.device("meta"):
        layers = layer_costs(VGG(16), PHOTO)
    weights = {layer.name: layer.weights for layer in layers}
    fc6 = weights["classifier.0"]
    assert fc6 == 102_760_448 and 0.74 < fc6 / sum(weights.values()) < 0.75
    flops = {layer.name: layer.flops() for layer in layers}
    convs = sum(v for k, v in flops.items() if k.startswith("stages"))
    assert convs / sum(flops.values()) > 0.99
    linear = sum(v for k, v in weights.items() if k.startswith("class"))
    assert 0.89 < linear / sum(weights.values()) < 0.9
    full = max(flops.values())  # six layers of the same cost
    assert sum(v == full for v in flops.values()) == 6


def test_dense_features_cost_several_times_as_much() -> None:
    with torch.device("meta"):
        one, two, four = (
            total(cnn_cost, ResNet(50, output_stride=s), PHOTO)
            for s in (32, 16, 8)
        )
    assert 1.5 < two / one < 1.55 and 4.6 < four / one < 4.7


def test_alexnet_by_building_it() -> None:
    """A second count: the layers as torch builds them, two groups."""
    layers = [
        nn.Conv2d(3, 96, 11, 4),
        nn.Conv2d(96, 256, 5, padding=2, groups=2),
        nn.Conv2d(256, 384, 3, padding=1),
        nn.Conv2d(384, 384, 3, padding=1, groups=2),
        nn.Conv2d(384, 256, 3, padding=1, groups=2),
    ]
    pool = nn.MaxPool2d(3, 2)
    model = nn.Sequential(
        *(layers[0], pool, layers[1], pool, *layers[2:], pool, nn.Flatten()),
        *(nn.Linear(9216, 4096), nn.Linear(4096, 4096), nn.Linear(4096, 1000)),
    ).to("meta")
    parameters = sum(p.numel() for p in model.parameters())
    assert parameters == 60_965_224
    flops = counted(model, (3, 227, 227))
    assert alexnet_costs() == (parameters, flops)
    for side, padding, positions in ((227, 0, 55), (224, 2, 55), (224, 0, 54)):
        assert (side + 2 * padding - 11) // 4 + 1 == positions


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("5 * 5 * 48", "5 * 5 * 96"),
        ("55 * 55", "54 * 54"),
        ("each + 1", "each"),
        ("6 * 6 * 256", "7 * 7 * 256"),
        ("2 * filters * each * n", "filters * each * n"),
    ],
)
def test_alexnet_notices_the_mutant(old: str, new: str) -> None:
    assert mutate(cnn_cost, old, new).alexnet_costs() != alexnet_costs()


def test_map_shapes_are_those_on_the_page() -> None:
    shapes = map_shapes()
    assert shapes["LeNet-5 (1998)"][-1] == (120, 1, 1)
    assert shapes["VGG-16"][-1] == (512, 7, 7)
    assert shapes["ResNet-50"][-1] == (2048, 7, 7)
    assert shapes["  output stride 8"][-1] == (2048, 28, 28)


@pytest.mark.parametrize("image", [(3, 224), (0, 32, 32)])
def test_bad_input_is_named(image: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="image is"):
        layer_costs(VGG(11, 0, 2), image)
