"""One counter for all: against torch's, formulas and published figures."""

from collections.abc import Callable
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from examples.architectures import index
from examples.architectures.cnn_cost import layer_costs
from examples.architectures.index import Count, count, models
from examples.architectures.index_cited import cited, counts
from examples.architectures.lstm import GRU, LSTM
from examples.architectures.resnet import ResNet
from examples.architectures.rnn import RNN
from examples.architectures.vgg import VGG
from examples.modules.transformer_cost import (
    decoder_flops,
    encoder_flops,
    transformer_parameters,
)
from tests.mutants import mutate

# Published: the papers' counts, torchvision's and timm's records. Outputs
# are what timm calls activations, in millions.
PARAMETERS = {
    "VGG-16": 138_357_544,
    "GoogLeNet": 6_998_552,
    "Inception v3": 23_834_568,
    "ResNet-18": 11_689_512,
    "ResNet-50": 25_557_032,
    "ResNet-101": 44_549_160,
}
GMACS = {
    "VGG-16": 15.470,
    "Inception v3": 5.713,
    "ResNet-18": 1.814,
    "ResNet-50": 4.089,
    "ResNet-101": 7.801,
}
OUTPUTS = {"VGG-16": 13.6, "Inception v3": 9.0, "ResNet-50": 11.1}


class Mixed(nn.Module):
    """Every kind of product, with odd sizes."""

    def __init__(self) -> None:
        super().__init__()
        self.grouped = nn.Conv2d(4, 6, 3, 2, padding=1, groups=2)
        self.up = nn.ConvTranspose2d(6, 5, 4, stride=3)
        self.line = nn.Conv1d(5, 3, 3)
        self.first, self.last = nn.Linear(3, 7), nn.Linear(7, 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.up(self.grouped(x)).flatten(2)  # (b, 5, n)
        y = self.first(self.line(y).transpose(1, 2))  # (b, n, 7)
        square = y.transpose(1, 2) @ y
        bias = torch.zeros_like(square)
        return self.last(y @ torch.baddbmm(bias, square, square))


def cases() -> dict[str, tuple[nn.Module, tuple[Tensor, ...]]]:
    with torch.device("meta"):
        found = {
            name: (build(), inputs)
            for name, (build, inputs) in models(tokens=9).items()
        }
        found["every product"] = Mixed(), (torch.empty(2, 4, 13, 9),)
        found["two layers, both ways"] = (
            LSTM(5, 4, layers=2, both=True),
            (torch.empty(3, 6, 5),),
        )
    return found


def flops(model: nn.Module, inputs: tuple[Tensor, ...]) -> int:
    with FlopCounterMode(display=False) as counter:
        model.eval()(*inputs)
    return counter.get_total_flops()


def test_products_equal_the_counter_of_torch(
    proof: Callable[..., None],
) -> None:
    found = cases()
    for model, inputs in found.values():
        assert 2 * count(model, *inputs).macs == flops(model, inputs)
    proof(
        ours="count",
        reference="torch.utils.flop_counter",
        case=f"{len(found)} models, every kind of product",
        difference=0,
    )


def facts(m: ModuleType) -> list[object]:
    """What every model reads and holds, and counts of the quick ones."""
    found: list[object] = []
    with torch.device("meta"):
        for name, (build, inputs) in m.models(9).items():
            model = build()
            found += [tuple(x.shape) for x in inputs]
            found.append(sum(p.numel() for p in model.parameters()))
            if name in ("MLP", "LSTM", "LeNet-5", "ResNet-18"):
                found.append(m.count(model, *inputs))
        found.append(m.count(Mixed(), torch.empty(2, 4, 13, 9)))
    return found


@pytest.fixture(scope="module")
def right() -> list[object]:
    """Held by the counter of torch and by what is published, below."""
    return facts(index)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name == "convolution"', 'name == "conv"'),
        ("x if transposed else y", "y"),
        ("x if transposed else y", "x"),
        ("weight[0].numel()", "weight.numel()"),
        ("weight[0].numel()", "weight[0, 0].numel()"),
        ("args[0].shape[-1]", "args[0].shape[-2]"),
        ('("mm", "bmm")', '("mm",)'),
        ('("mm", "bmm")', '("bmm",)'),
        ('("addmm", "baddbmm")', '("addmm",)'),
        ('("addmm", "baddbmm")', '("baddbmm",)'),
        ("args[1].shape[-1]", "args[1].shape[-2]"),
        ("self.outputs += y.numel()", "self.outputs += len(y)"),
        ("heads=False), (photo,)", "heads=True), (photo,)"),
        ("(224, 299)", "(224, 224)"),
        ("(sentence, sentence)", "(sentence, sentence[:, :5])"),
        ("nn.Linear(512, 512)", "nn.Linear(512, 512, bias=False)"),
    ],
)
def test_the_counts_notice_the_mutant(
    old: str, new: str, right: list[object]
) -> None:
    assert facts(mutate(index, old, new)) != right


@pytest.fixture(scope="module")
def published() -> dict[str, Count]:
    found = {}
    for name in PARAMETERS:
        build, inputs = models()[name]
        with torch.device("meta"):
            found[name] = count(build(), *inputs)
    return found


def test_counts_as_published(
    published: dict[str, Count], proof: Callable[..., None]
) -> None:
    for name, found in published.items():
        assert found.parameters == PARAMETERS[name]
    for name, gmacs in GMACS.items():
        assert round(published[name].macs / 1e9, 3) == gmacs
    for name, outputs in OUTPUTS.items():
        assert round(published[name].outputs / 1e6, 1) == outputs
    with torch.device("meta"):
        vgg13 = count(VGG(13), torch.empty(1, 3, 224, 224))
    assert round(vgg13.outputs / 1e6, 1) == 12.3
    proof(
        ours="models",
        reference="published figures",
        case="6 parameters, 5 GMACs, 3 outputs",
        difference=0,
    )


def test_convolutional_networks_equal_the_page_on_them() -> None:
    with torch.device("meta"):
        for model in (VGG(11, width=8), ResNet(50, width=8)):
            image = (3, 97, 131)
            layers = layer_costs(model, image)
            macs = sum(layer.flops() for layer in layers) // 2
            assert count(model, torch.empty(1, *image)).macs == macs


@pytest.mark.parametrize(("kind", "blocks"), [(RNN, 1), (GRU, 3), (LSTM, 4)])
def test_recurrent_networks_by_formula(kind: type, blocks: int) -> None:
    d, h, n = 7, 5, 11
    with torch.device("meta"):
        found = count(kind(d, h), torch.empty(1, n, d))
    assert found.parameters == blocks * (h * (d + h) + 2 * h)
    assert found.macs == n * blocks * h * (d + h)
    assert found.outputs == 2 * n * blocks * h


@pytest.mark.parametrize("n", [1, 9, 100])
def test_the_transformer_by_formula(n: int) -> None:
    build, inputs = models(n)["Transformer"]
    with torch.device("meta"):
        found = count(build(), *inputs)
    d, f, k = index.D, 4 * index.D, index.WORDS
    assert found.parameters == transformer_parameters(k, d, f, 6)
    layers = 6 * (encoder_flops(n, d, f) + decoder_flops(n, n, d, f))
    assert 2 * found.macs == layers + 2 * n * d * k


def test_what_the_page_says(published: dict[str, Count]) -> None:
    p = published
    assert 5 < p["VGG-16"].parameters / p["ResNet-50"].parameters < 6
    assert 3.7 < p["VGG-16"].macs / p["ResNet-50"].macs < 3.9
    ratio = p["VGG-16"].outputs / p["ResNet-50"].outputs
    assert 1.2 < ratio < 1.25
    assert 4 < p["ResNet-50"].outputs / p["ResNet-18"].outputs < 5
    assert p["GoogLeNet"].parameters * 19 < p["VGG-16"].parameters
    ratio = p["VGG-16"].macs / p["ResNet-18"].macs
    assert 8 < ratio < 9
    ratio = p["VGG-16"].parameters / p["ResNet-18"].parameters
    assert 11.5 < ratio < 12
    assert p["ResNet-18"].parameters < 0.5 * p["ResNet-50"].parameters
    build, inputs = models()["Transformer"]
    with torch.device("meta"):
        whole = count(build(), *inputs).macs
    logits = index.TOKENS * index.D * index.WORDS
    assert 0.28 < logits / whole < 0.3
    build, inputs = models()["LSTM"]
    plain, _ = models()["RNN"]
    with torch.device("meta"):
        gated, simple = count(build(), *inputs), count(plain(), *inputs)
    assert gated.macs == 4 * simple.macs


def test_cited_figures_fit_ours() -> None:
    """Where they do not, the page says why."""
    for name, ours in counts().items():
        theirs = cited()[name]
        same = (ours.parameters, round(ours.macs / 1e9, 3)) == (
            theirs.parameters,
            theirs.gmacs,
        )
        assert same == (name not in ("GoogLeNet", "Inception v3"))
    both = cited()["Inception v3"]
    assert both.gmacs == 5.713  # the head has parameters; evaluation no use
    assert both.parameters - PARAMETERS["Inception v3"] == 3_326_696


def test_training_anew_beats_twice_the_layers() -> None:
    top1 = {name: figures.top1 for name, figures in cited().items()}
    deeper = top1["ResNet-101"] - top1["ResNet-50"]
    later = top1["ResNet-50, V2"] - top1["ResNet-50"]
    assert deeper < 1.3 and 4.7 < later < 4.8
    assert top1["ResNet-18"] - top1["GoogLeNet"] < 0
    assert 1.8 < top1["VGG-16"] - top1["ResNet-18"] < 1.9


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="tokens is 0"):
        models(0)
