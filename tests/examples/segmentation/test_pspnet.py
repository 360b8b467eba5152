"""PSPNet against the authors' network, written again without its modules."""

import math
from collections.abc import Callable
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.modules.pooling_adaptive import bins as adaptive_bins
from examples.segmentation import pspnet, pspnet_bins, pspnet_field
from examples.segmentation.checkpoints import load_renamed
from examples.segmentation.index_stored import stored_values
from examples.segmentation.pspnet import PSPNet, PyramidPooling
from examples.segmentation.pspnet_ablation import rows as ablations
from examples.segmentation.pspnet_ablation import without
from examples.segmentation.pspnet_checkpoint import (
    from_caffe_order,
    semseg_names,
)
from examples.segmentation.pspnet_context import (
    PYRAMIDS,
    nearest_mark,
    pool_maxima,
)
from examples.segmentation.pspnet_field import (
    MAP,
    PLACE,
    beyond,
    level_weights,
    score_gradient,
)
from examples.segmentation.shapes import CLASSES
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap, randomize

pytestmark = pytest.mark.usefixtures("float64")
State = dict[str, Tensor]
WIDTH, K = 2, 5
BLOCKS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}
CASES = {  # training, x
    "train": (True, (4, 3, 65, 49)),
    "eval": (False, (1, 3, 33, 97)),
    "train, small": (True, (4, 3, 32, 40)),
    "eval, 8 m - 7": (False, (2, 3, 41, 41)),
}


def norm(x: Tensor, p: State, name: str, training: bool) -> Tensor:
    """Batch normalization by its formula."""
    if training:
        mean = x.mean((0, 2, 3))
        variance = x.var((0, 2, 3), correction=0)
    else:
        mean, variance = p[f"{name}.running_mean"], p[f"{name}.running_var"]
    scale = p[f"{name}.weight"] / (variance + 1e-5).sqrt()
    shift = p[f"{name}.bias"] - mean * scale
    return x * scale[:, None, None] + shift[:, None, None]


def line(old: int, new: int) -> Tensor:  # (new, old)
    """Linear interpolation whose end points stay, as a matrix."""
    weights = torch.zeros(new, old)
    for i in range(new):
        at = i * (old - 1) / (new - 1) if new > 1 else 0.0
        left = min(int(at), old - 1)
        right = min(left + 1, old - 1)
        weights[i, left] += 1 - (at - left)
        weights[i, right] += at - left
    return weights


def stretch(x: Tensor, h: int, w: int) -> Tensor:
    return line(x.shape[2], h) @ x @ line(x.shape[3], w).T


def means(x: Tensor, n: int) -> Tensor:
    """One bin after the other."""
    h, w = x.shape[2:]
    rows = []
    for i in range(n):
        for j in range(n):
            top, low = i * h // n, -(-(i + 1) * h // n)
            left, right = j * w // n, -(-(j + 1) * w // n)
            rows.append(x[:, :, top:low, left:right].mean((2, 3)))
    return torch.stack(rows, -1).unflatten(-1, (n, n))


def by_the_authors(x: Tensor, p: State, training: bool) -> list[Tensor]:
    """Names of semseg, strides and dilations of their prototxt."""
    size = x.shape[2:]

    def conv(
        h: Tensor, name: str, kernel: int, stride: int = 1, rate: int = 1
    ) -> Tensor:
        pad = rate * (kernel // 2)
        return F.conv2d(h, p[f"{name}.weight"], None, stride, pad, rate)

    def layer(
        h: Tensor, name: str, at: int, kernel: int = 3, stride: int = 1
    ) -> Tensor:
        h = conv(h, f"{name}.{at}", kernel, stride)
        return norm(h, p, f"{name}.{at + 1}", training).relu()

    h = layer(x, "layer0", 0, stride=2)
    h = layer(layer(h, "layer0", 3), "layer0", 6)
    h = F.max_pool2d(h, 3, 2, 1)
    kept = []
    for stage, rate in ((1, 1), (2, 1), (3, 2), (4, 4)):
        for block in range(BLOCKS[50][stage - 1]):
            name = f"layer{stage}.{block}"
            stride = 2 if stage == 2 and block == 0 else 1
            y = conv(h, f"{name}.conv1", 1)
            y = norm(y, p, f"{name}.bn1", training).relu()
            y = conv(y, f"{name}.conv2", 3, stride, rate)
            y = norm(y, p, f"{name}.bn2", training).relu()
            y = norm(conv(y, f"{name}.conv3", 1), p, f"{name}.bn3", training)
            if block == 0:
                h = conv(h, f"{name}.downsample.0", 1, stride)
                h = norm(h, p, f"{name}.downsample.1", training)
            h = (h + y).relu()
        kept.append(h)
    parts = [h]
    for i, n in enumerate((1, 2, 3, 6)):
        y = layer(means(h, n), f"ppm.features.{i}", 1, kernel=1)
        parts.append(stretch(y, *h.shape[2:]))
    maps = []
    heads = (("cls", torch.cat(parts, 1)), ("aux", kept[2]))
    for name, given in heads[: 1 + training]:
        y = F.dropout(layer(given, name, 0), 0.1, training)
        y = F.conv2d(y, p[f"{name}.4.weight"], p[f"{name}.4.bias"])
        maps.append(stretch(y, *size))
    return maps


def apart(shape: tuple[int, ...]) -> Tensor:
    """Noise of other colors in each image: means of noise are all alike,
    and where their variance is nothing, BN divides rounding errors by it."""
    return torch.randn(shape) + 3 * torch.randn(*shape[:2], 1, 1)


def compare(m: ModuleType, case: str) -> dict[str, float]:
    training, shape = CASES[case]
    torch.manual_seed(len(case))
    model = m.PSPNet(50, K, WIDTH)
    randomize(model)
    names = semseg_names(model)
    theirs = {
        names[k]: v.detach().clone() for k, v in model.state_dict().items()
    }
    pairs = [
        (p, theirs[names[n]].requires_grad_())
        for n, p in model.named_parameters()
        if training or not n.startswith("aux")
    ]
    model.train(training)

    def ours(x: Tensor) -> Tensor:
        torch.manual_seed(3)  # the same dropout on both sides
        y = model(x)
        return (y if isinstance(y, Tensor) else torch.cat(y)) / shape[2]

    def authors(x: Tensor) -> Tensor:
        torch.manual_seed(3)
        return torch.cat(by_the_authors(x, theirs, training)) / shape[2]

    found = differences(ours, authors, [apart(shape)], pairs)
    # Summed over thousands of pixels, gradients would be of order 1000
    return found | {"forward": found["forward"] * shape[2]}


def test_equals_the_authors(proof: Callable[..., None]) -> None:
    worst = {"forward": 0.0, "gradient": 0.0}
    for case in CASES:
        found = compare(pspnet, case)
        worst = {k: max(worst[k], found[k]) for k in worst}
    assert max(worst.values()) < TOLERANCE, worst
    proof(
        ours="PSPNet, 50",
        reference="torch.nn.functional.conv2d",
        case=f"{len(CASES)} sizes, train and eval",
        **worst,
    )


def pyramid_difference(m: ModuleType, shape: tuple[int, ...]) -> float:
    torch.manual_seed(0)
    module = m.PyramidPooling(shape[1])
    randomize(module)
    x = torch.randn(shape)
    parts = [x]
    state = module.state_dict()
    for i, n in enumerate((1, 2, 3, 6)):
        name = f"levels.{i}"
        y = torch.einsum(
            "oc, bchw -> bohw",
            state[f"{name}.1.weight"][..., 0, 0],
            means(x, n),
        )
        y = norm(y, state, f"{name}.2", training=True).relu()
        parts.append(stretch(y, *shape[2:]))
    return gap(module(x), torch.cat(parts, 1))


@pytest.mark.parametrize(
    "shape", [(2, 8, 12, 12), (3, 4, 7, 10), (2, 12, 5, 3), (2, 4, 1, 6)]
)
def test_pyramid_of_any_map(shape: tuple[int, ...]) -> None:
    """Maps smaller than the bins, too, which then repeat pixels."""
    assert pyramid_difference(pspnet, shape) < TOLERANCE


MUTANTS = {
    "other bins": ("(1, 2, 3, 6)", "(1, 2, 3, 4)"),
    "coarse to fine": ("in bins\n", "in bins[::-1]\n"),
    "maxima": ("nn.AdaptiveAvgPool2d", "nn.AdaptiveMaxPool2d"),
    "corners apart": ("align_corners=True", "align_corners=False"),
    "nearest": (
        'mode="bilinear", align_corners=True',
        'mode="nearest"',
    ),
    "pooled from the level before": (
        "y = level(x)",
        "y = level(parts[0] * 0.9)",
    ),
    "levels first": ("torch.cat(parts, 1)", "torch.cat(parts[::-1], 1)"),
    "no ReLU in a level": (
        "*unit(channels, reduced))",
        "*unit(channels, reduced)[:2])",
    ),
    "first block of stage 3 undilated": (
        "((2, 2), (3, 4))",
        "((3, 4),)",
    ),
    "stage 4 dilated by 2": ("((2, 2), (3, 4))", "((2, 2), (3, 2))"),
    "output stride 16": ("output_stride=8", "output_stride=16"),
    "stem without stride": ("stride=2, padding=1", "stride=1, padding=1"),
    "head of 1 × 1": ("*unit(channels, hidden, 3)", "*unit(channels, hidden)"),
    "dropout of whole channels": ("nn.Dropout(", "nn.Dropout2d("),
    "another dropout": ("dropout: float = 0.1", "dropout: float = 0.2"),
    "auxiliary after stage 4": (
        "self.aux_classifier(third)",
        "self.aux_classifier(fourth[:, : third.shape[1]])",
    ),
    "heads exchanged": (
        "return full if self.training",
        "return full[::-1] if self.training",
    ),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_authors_notice_the_mutant(mutation: str) -> None:
    mutant = mutate(pspnet, *MUTANTS[mutation])
    try:
        worst = max(compare(mutant, "train").values())
    except (AssertionError, RuntimeError, KeyError, ValueError):
        worst = math.inf
    assert worst > 1e-6


@pytest.mark.parametrize(
    ("layers", "classes", "published"),
    [(50, 19, 49_080_038), (50, 150, 49_180_908), (101, 21, 68_073_706)],
)
def test_parameters_as_published(
    layers: int, classes: int, published: int
) -> None:
    with torch.device("meta"):
        model = PSPNet(layers, classes)
        assert sum(p.numel() for p in model.parameters()) == published
        x = torch.empty(1, 3, 473, 473)
        assert model.backbone.features(x)[-1].shape == (1, 2048, 60, 60)
        assert model.eval()(x).shape == (1, classes, 473, 473)


def test_parameters_by_formula() -> None:
    """The levels together: a square of the channels; BN of as many."""
    c = 2048
    with torch.device("meta"):
        model, plain = PSPNet(), PSPNet(bins=())
    pyramid = sum(p.numel() for p in model.pyramid.parameters())
    assert pyramid == c * c + 2 * c
    more = sum(p.numel() for p in model.parameters()) - sum(
        p.numel() for p in plain.parameters()
    )
    assert more == pyramid + 9 * c * 512  # and the head reads twice as much
    assert pyramid / 49_180_908 < 0.09 and more / 49_180_908 > 0.25


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_a_level_is_a_mean_of_the_map(n: int) -> None:
    """Weights that sum to one, constant within a bin, by two formulas."""
    weights = level_weights(n)
    assert float(weights.sum()) == pytest.approx(1, abs=1e-12)
    columns = [line(n, MAP)[i] for i in PLACE]
    bins = torch.outer(*columns) * n**2 / MAP**2
    side = MAP // n
    grown = bins.repeat_interleave(side, 0).repeat_interleave(side, 1)
    assert gap(weights, grown) < TOLERANCE


def test_a_flat_map_stays_flat() -> None:
    """A mean of equal values is that value, in every level and place."""
    pyramid = PyramidPooling(4).eval()
    randomize(pyramid)
    y = pyramid(torch.ones(1, 4, 7, 9))
    assert gap(y, y[..., :1, :1].expand_as(y)) < TOLERANCE


def test_shuffling_inside_of_bins_is_not_seen_by_the_levels() -> None:
    pyramid = PyramidPooling(4).eval()
    randomize(pyramid)
    x = torch.randn(1, 4, 12, 12)
    cells = x.unflatten(3, (6, 2)).unflatten(2, (6, 2))
    swapped = cells.flip(3).flip(5).flatten(4, 5).flatten(2, 3)
    a, b = pyramid(x), pyramid(swapped)
    assert gap(a[:, 4:], b[:, 4:]) < TOLERANCE < gap(a[:, :4], b[:, :4])


def test_the_field_of_the_convolutions_ends_and_the_pyramid_does_not() -> None:
    torch.set_default_dtype(torch.float32)
    plain, whole = (score_gradient(b, 529) for b in ((), (1, 2, 3, 6)))
    assert beyond(plain, 255) == 0 < beyond(plain, 160) < 0.1
    assert beyond(whole, 160) > 0.3
    for old, new in (
        ("> distance", ">= 0"),
        ("line[:, None], line", "line, line"),
    ):
        wrong = mutate(pspnet_field, old, new).beyond(plain, 160)
        assert wrong != pytest.approx(beyond(plain, 160), rel=1e-3)


@pytest.mark.parametrize("out", [1, 2, 3, 6])
def test_rules_agree_where_bins_divide(out: int) -> None:
    rules = (pspnet_bins.authors_bins, pspnet_bins.floor_bins)
    for size in range(out, 200):
        expected = adaptive_bins(size, out)
        found = [rule(size, out) for rule in rules]
        if size % out == 0:
            assert found == [expected] * 2
        authors = found[0]
        assert len(authors) == out and authors[-1][1] == size
        if size % out:
            assert found[1][-1][1] <= size and found[1] != expected


def test_crops_of_the_authors_fit() -> None:
    for crop, side in ((473, 60), (713, 90)):
        assert (crop - 1) // 8 + 1 == side and side % 6 == 0
        assert (crop + 7) % 48 == 0
    assert pspnet_bins.floor_bins(8, 6) == [(i, i + 1) for i in range(8)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("stride + left, stride", "stride + left, stride + left"),
        ("stride + left, stride", "stride, stride"),
        ("size - window + 1", "size - window"),
        ("start + window)", "start + window - 1)"),
    ],
)
def test_rules_notice_the_mutant(old: str, new: str) -> None:
    wrong = mutate(pspnet_bins, old, new).authors_bins
    right = [(i * 10, i * 10 + 14) for i in range(6)]
    assert pspnet_bins.authors_bins(64, 6) == right != wrong(64, 6)


def test_nearest_mark_by_a_loop() -> None:
    x, y, distance = nearest_mark(3, 16, seed=5)
    assert x.shape == (3, 1, 16, 16)
    random = torch.Generator().manual_seed(5)
    places = torch.rand(3, 4, 2, generator=random) * 13
    places = places.round() + 1
    signs = torch.randint(2, (3, 4), generator=random)
    for b in range(3):
        for i in range(16):
            for j in range(16):
                away = [math.dist((i, j), m) for m in places[b].tolist()]
                near = min(away)
                assert float(distance[b, i, j]) == pytest.approx(near)
                could = {
                    int(s)
                    for s, a in zip(signs[b], away, strict=True)
                    if a < near + 1e-6
                }
                assert int(y[b, i, j]) in could


def test_each_part_is_left_out() -> None:
    assert ablations() == ["no_pyramid", "no_auxiliary"]
    plain, unaided = map(without, ablations())
    assert len(plain.pyramid.levels) == 0 and plain.aux_weights == (0.4,)
    assert len(unaided.pyramid.levels) == 4 and unaided.aux_weights == (0.0,)
    assert PSPNet.aux_weights == (0.4,)
    pyramid = PyramidPooling(4)
    pool_maxima(pyramid)
    x = torch.randn(1, 4, 6, 6)
    pooled = pyramid.get_submodule("levels.1.0")(x)
    assert torch.equal(pooled[0, 0, 0, 0], x[0, 0, :3, :3].max())


def semseg_state(model: nn.Module) -> State:
    """Random values under the names of the authors' files."""
    state = model.state_dict()
    return {
        name: torch.rand(state[key].shape)
        if state[key].is_floating_point()
        else state[key]
        for key, name in semseg_names(model).items()
    }


def test_a_state_with_public_names_loads() -> None:
    model = PSPNet(50, K, WIDTH)
    state = semseg_state(model)
    names = semseg_names(model)
    assert names["backbone.stages.3.0.branch.3.weight"] == (
        "layer4.0.conv2.weight"
    )
    assert {"layer0.3.weight", "ppm.features.3.2.bias", "aux.4.bias"} <= set(
        state
    )
    load_renamed(model, state, names)
    x = torch.randn(1, 3, 33, 33)
    (theirs,) = by_the_authors(x, state, training=False)
    ours = model.eval()(x)
    assert gap(ours / ours.abs().max(), theirs / ours.abs().max()) < TOLERANCE
    with pytest.raises(ValueError, match="state has no 'cls"):
        load_renamed(
            model, {k: v for k, v in state.items() if k[:3] != "cls"}, names
        )


def test_levels_of_caffe_are_turned() -> None:
    weight = torch.randn(3, 16, 3, 3)
    turned = from_caffe_order(weight)
    assert torch.equal(turned[:, :8], weight[:, :8])
    for mine, theirs in ((8, 14), (10, 12), (12, 10), (14, 8)):
        assert torch.equal(
            turned[:, mine : mine + 2], weight[:, theirs : theirs + 2]
        )
    assert torch.equal(from_caffe_order(turned), weight)


def test_what_the_page_says_of_the_experiments() -> None:
    context = stored_values("pspnet_context", PYRAMIDS)
    low = {row: values["low"] for row, values in context.items()}
    high = {row: values["high"] for row, values in context.items()}
    assert set(low) == set(PYRAMIDS)
    assert high["none"] < low["one"] < high["one"] < low["two"]
    assert high["six"] < low["three"]  # too fine sees no farther
    assert low["all"] > max(high[row] for row in list(PYRAMIDS)[:5])
    far = {row: values["by_distance"][-1] for row, values in context.items()}
    near = {row: values["by_distance"][10] for row, values in context.items()}
    assert max(abs(curve["none"] - 0.5) for curve in (near, far)) < 0.05
    assert max(abs(curve["one"] - 11 / 16) for curve in (near, far)) < 0.03
    assert near["six"] > near["three"] and far["six"] < 0.6 < far["two"]
    assert min(far["two"], far["three"]) > 0.85 and far["all"] > 0.9
    assert abs(low["all"] - low["all_max"]) < 0.01
    whole = stored_values("index_comparison", ["pspnet"])["pspnet"]
    parts = stored_values("pspnet_ablation", ablations())
    plain, unaided = parts["no_pyramid"], parts["no_auxiliary"]
    assert whole["miou_high"] < plain["miou_high"] < whole["miou_high"] + 0.05
    seeds = whole["miou_high"] - whole["miou_low"]
    assert abs(whole["miou_high"] - unaided["miou_high"]) < seeds
    assert abs(whole["miou_low"] - unaided["miou_low"]) < seeds
    fcn = stored_values("index_comparison", ["fcn_8s"])["fcn_8s"]
    assert whole["miou_high"] < fcn["miou_low"]
    gaps = {name: fcn["iou"][name] - whole["iou"][name] for name in CLASSES}
    assert max(gaps, key=lambda name: gaps[name]) == "star"


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: PyramidPooling(8, (1, 0)), r"bins is \(1, 0\); each must be"),
        (lambda: PyramidPooling(10), "channels is 10; must be a mul"),
        (lambda: PyramidPooling(0, ()), "channels is 0"),
        (lambda: PSPNet(50, 0, 2), "classes is 0; must be at least 1"),
        (lambda: PSPNet(49, 3, 2), "layers is 49; must be one of"),
        (lambda: PSPNet(18, 3, 2)(torch.ones(1, 1, 32, 32)), r"be \(b, 3, h"),
        (lambda: PSPNet(18, 3, 2)(torch.ones(1, 3, 31, 32)), "at least 32"),
        (lambda: pspnet_bins.authors_bins(4, 6), "out is 6; it must be"),
        (lambda: level_weights(2, 8, (8, 0)), r"place is \(8, 0\); must be"),
        (lambda: nearest_mark(1, 11), "size is 11; must be at least 12"),
    ],
)
def test_bad_input_is_named(run: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run()
