"""FCN against the paper, with the crops of the authors' own networks."""

import math
from collections.abc import Callable
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.architectures.vgg import VGG
from examples.segmentation import checkpoints, fcn, fcn_alignment
from examples.segmentation.checkpoints import load_renamed
from examples.segmentation.fcn import FCN
from examples.segmentation.fcn_alignment import Grid, cut, offset, overlap
from examples.segmentation.fcn_checkpoint import (
    from_classifier,
    torchfcn_names,
)
from examples.segmentation.index import color_score, mean_iou
from examples.segmentation.index_comparison import COLOR_CUE
from examples.segmentation.index_stored import stored_values
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap

pytestmark = pytest.mark.usefixtures("float64")
State = dict[str, Tensor]
WIDTH, HIDDEN, K = 2, 6, 4
STAGES = (2, 2, 3, 3, 3)
# Where the authors' networks crop: the skips, then the result
PUBLISHED = {32: (19,), 16: (5, 27), 8: (5, 9, 31)}
CASES = {  # stride, same, training, x
    "32s, train": (32, False, True, (2, 3, 40, 33)),
    "32s same, eval": (32, True, False, (1, 3, 70, 45)),
    "16s, eval": (16, False, False, (1, 3, 33, 64)),
    "16s same, train": (16, True, True, (2, 3, 64, 64)),
    "8s, train": (8, False, True, (1, 3, 49, 32)),
    "8s, eval": (8, False, False, (1, 3, 17, 100)),
    "8s same, eval": (8, True, False, (2, 3, 65, 97)),
}


def public_state(stride: int) -> State:
    """Random weights under the names and shapes of pytorch-fcn."""
    state, given = {}, 3

    def layer(name: str, out: int, into: int, kernel: int) -> None:
        shape = (out, into, kernel, kernel)
        state[f"{name}.weight"] = torch.randn(shape) * (
            (2 / math.prod(shape[1:])) ** 0.5
        )
        state[f"{name}.bias"] = torch.randn(out) / 5

    for stage, convs in enumerate(STAGES, 1):
        out = WIDTH * min(2 ** (stage - 1), 8)
        for i in range(1, convs + 1):
            layer(f"conv{stage}_{i}", out, given, 3)
            given = out
    layer("fc6", HIDDEN, given, 7)
    layer("fc7", HIDDEN, HIDDEN, 1)
    layer("score_fr", K, HIDDEN, 1)
    ups = {"upscore": 64}
    if stride < 32:
        layer("score_pool4", K, 8 * WIDTH, 1)
        ups = {"upscore2": 4, "upscore16": 32}
    if stride < 16:
        layer("score_pool3", K, 4 * WIDTH, 1)
        ups = {"upscore2": 4, "upscore_pool4": 4, "upscore8": 16}
    for name, kernel in ups.items():
        state[f"{name}.weight"] = torch.randn(K, K, kernel, kernel) / 4
    return state


def by_the_paper(
    x: Tensor, p: State, stride: int, same: bool, training: bool
) -> Tensor:
    size, pools = x.shape[2:], []
    h = x
    for stage, convs in enumerate(STAGES, 1):
        for i in range(1, convs + 1):
            name, pad = f"conv{stage}_{i}", 1
            if name == "conv1_1" and not same:
                pad = 100
            h = F.conv2d(h, p[f"{name}.weight"], p[f"{name}.bias"], padding=pad)
            h = F.relu(h)
        h = F.max_pool2d(h, kernel_size=2, stride=2, ceil_mode=True)
        pools.append(h)
    for name, pad in (("fc6", 3 if same else 0), ("fc7", 0)):
        h = F.conv2d(h, p[f"{name}.weight"], p[f"{name}.bias"], padding=pad)
        h = F.dropout(F.relu(h), 0.5, training)
    h = F.conv2d(h, p["score_fr.weight"], p["score_fr.bias"])
    ups = [n for n in p if n.startswith("upscore")]
    *crops, last = PUBLISHED[stride]
    for name, pool, crop in zip(ups, (4, 3), crops, strict=False):
        h = F.conv_transpose2d(h, p[name], stride=2)
        s = F.conv2d(
            pools[pool - 1],
            p[f"score_pool{pool}.weight"],
            p[f"score_pool{pool}.bias"],
        )
        if same:  # the upsampled map begins one pixel early
            h = h[:, :, 1 : 1 + s.shape[2], 1 : 1 + s.shape[3]]
        else:
            s = s[:, :, crop : crop + h.shape[2], crop : crop + h.shape[3]]
        h = h + s
    h = F.conv_transpose2d(h, p[ups[-1]], stride=stride)
    if same:
        last = stride // 2
    return h[:, :, last : last + size[0], last : last + size[1]]


def compare(m: ModuleType, case: str) -> dict[str, float]:
    stride, same, training, shape = CASES[case]
    torch.manual_seed(len(case))
    state = public_state(stride)
    model = m.FCN(stride, K, WIDTH, same, hidden=HIDDEN).train(training)
    names = torchfcn_names(model)
    load_renamed(model, state, names)
    theirs = {k: v.clone().requires_grad_() for k, v in state.items()}

    def ours(x: Tensor) -> Tensor:
        torch.manual_seed(3)  # the same dropout on both sides
        return model(x)

    def paper(x: Tensor) -> Tensor:
        torch.manual_seed(3)
        return by_the_paper(x, theirs, stride, same, training)

    pairs = [
        (p.requires_grad_(), theirs[names[n]])
        for n, p in model.named_parameters()
    ]
    return differences(ours, paper, [torch.randn(shape)], pairs)


@pytest.mark.parametrize("stride", [32, 16, 8])
def test_equals_the_paper(stride: int, proof: Callable[..., None]) -> None:
    worst = {"forward": 0.0, "gradient": 0.0}
    mine = [case for case in CASES if CASES[case][0] == stride]
    for case in mine:
        found = compare(fcn, case)
        worst = {k: max(worst[k], found[k]) for k in worst}
    assert max(worst.values()) < TOLERANCE, worst
    proof(
        ours=f"FCN, {stride}s",
        reference="torch.nn.functional.conv2d",
        case=f"{len(mine)} cases, padded by 100 and same",
        **worst,
    )


MUTANTS = {
    "padded by 99": ("(100, 0)", "(99, 0)"),
    "fc6 padded": ("(100, 0)", "(100, 1)"),
    "another kernel of fc6": ("hidden, 7, padding", "hidden, 5, padding"),
    "pooling rounds down": ("ceil_mode=True", "ceil_mode=False"),
    "mean pooling": ("F.max_pool2d", "F.avg_pool2d"),
    "skip before pooling": (
        "found.append((x, grid))",
        "found.append((stage(F.pad(x, [1] * 4)) if 0 else x.relu() - 1, grid))",
    ),
    "skips in the wrong order": ("pools[3:1:-1]", "pools[2:4]"),
    "no skip": ("y = y + skip", "y = y + 0 * skip"),
    "no ReLU after fc6": (
        "*(fc6, nn.ReLU(), nn.Dropout(dropout))",
        "*(fc6, nn.Identity(), nn.Dropout(dropout))",
    ),
    "dropout of whole channels": ("nn.Dropout(", "nn.Dropout2d("),
    "another dropout": ("dropout: float = 0.5", "dropout: float = 0.4"),
    "the crop is one early": (
        "offset(Grid(), grid)",
        "(offset(Grid(), grid) - 1)",
    ),
    "the pools are where they began": (
        "grid = grid.convolved(2, 2, 0)",
        "grid = Grid(grid.step * 2, grid.start)",
    ),
    "16s reads pool3": ("16: (3,)", "16: (2,)"),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_paper_notices_the_mutant(mutation: str) -> None:
    mutant, worst = mutate(fcn, *MUTANTS[mutation]), 0.0
    for case in CASES:
        try:
            worst = max(worst, *compare(mutant, case).values())
        except (AssertionError, RuntimeError, KeyError, ValueError):
            worst = math.inf
    assert worst > 1e-6


@pytest.mark.parametrize(
    ("stride", "published"),
    [(32, 136_152_917), (16, 134_815_994), (8, 134_489_759)],
)
def test_parameters_as_published(stride: int, published: int) -> None:
    with torch.device("meta"):
        model = FCN(stride)
        assert sum(p.numel() for p in model.parameters()) == published
        x = torch.empty(1, 3, 500, 375)
        assert model(x).shape == (1, 21, 500, 375)
        fc6 = next(model.classifier.children()).weight.numel()
    assert fc6 == 102_760_448 > 0.75 * published


def test_upsampling_is_three_quarters_of_what_32s_has_more() -> None:
    """21 × 21 kernels of 64² against those of 4², 4² and 16²."""
    more = 136_152_917 - 134_489_759
    kernels = 21 * 21 * (64**2 - 4**2 - 4**2 - 16**2)
    assert more == kernels - 21 * (512 + 256 + 2)


@pytest.mark.parametrize("stride", [32, 16, 8])
@pytest.mark.parametrize("same", [False, True])
@pytest.mark.parametrize("side", [(1, 1), (31, 33), (64, 65), (130, 7)])
def test_every_size_fits(
    stride: int, same: bool, side: tuple[int, int]
) -> None:
    model = FCN(stride, 3, 1, same, hidden=2)
    assert model(torch.zeros(1, 3, *side)).shape == (1, 3, *side)


def test_starts_undecided_and_learns_from_the_scores() -> None:
    model = FCN(8, K, WIDTH, hidden=HIDDEN)
    x, y = torch.randn(2, 3, 40, 40), torch.randint(K, (2, 40, 40))
    z = model(x)
    assert not z.any()  # all classes alike: the loss is log k
    F.cross_entropy(z, y).backward()
    moved = {
        name.partition(".")[0] + name[-7:]: bool(p.grad.any())
        for name, p in model.named_parameters()
        if p.grad is not None and name.startswith(("classifier.6", "scores"))
    }
    assert all(moved.values())
    resting = [p.grad for p in model.backbone.parameters()]
    assert all(g is not None and not g.any() for g in resting)
    assert not model.ups[-1].weight.requires_grad
    assert all(up.weight.requires_grad for up in model.ups[:-1])


@pytest.mark.parametrize("scale", [2, 8, 32])
def test_upsampling_starts_bilinear_and_apart(scale: int) -> None:
    up, x = fcn.bilinear_upsampling(3, scale), torch.randn(1, 3, 6, 7)
    border = scale // 2
    y = up(x)[..., border:-border, border:-border]
    inside = slice(scale, -scale)
    theirs = F.interpolate(x, scale_factor=scale, mode="bilinear")
    assert gap(y[..., inside, inside], theirs[..., inside, inside]) < TOLERANCE


def test_fully_connected_layers_become_convolutions(
    proof: Callable[..., None],
) -> None:
    torch.manual_seed(0)
    vgg = VGG(16, 5, WIDTH).eval()
    model = FCN(32, 5, WIDTH, same=True, hidden=64 * WIDTH).eval()
    from_classifier(model, vgg)
    last = vgg.classifier.get_submodule("6")
    assert isinstance(last.weight, Tensor) and isinstance(last.bias, Tensor)
    head = model.classifier.get_submodule("6")
    head.weight.data = last.weight.data[..., None, None]
    head.bias.data = last.bias.data
    fc6 = model.classifier.get_submodule("0")
    fc6.padding = (0, 0)
    x = torch.randn(1, 3, 224, 224)
    (features, _) = model.pools(x)[-1]
    error = gap(model.classifier(features)[..., 0, 0], vgg(x))
    wide = torch.randn(1, WIDTH * 8, 9, 8)  # one answer for each window
    answers = model.classifier(wide)
    assert answers.shape == (1, 5, 3, 2)
    for i in range(3):
        for j in range(2):
            y = wide[..., i : i + 7, j : j + 7].flatten(1)
            for layer in ("0", "3", "6"):
                linear = vgg.classifier.get_submodule(layer)
                y = F.linear(y, linear.weight, linear.bias)
                y = y if layer == "6" else y.relu()
            error = max(error, gap(answers[..., i, j], y))
    assert error < TOLERANCE
    proof(
        ours="from_classifier",
        reference="torch.nn.functional.linear",
        case="224 × 224, and 3 × 2 windows",
        forward=error,
    )


def weight_at(chain: list[nn.Module], size: int, at: int) -> Tensor:
    """How much output ``at`` of a linear chain sees of every input."""
    x = torch.zeros(1, 1, size, size, requires_grad=True)
    y = x
    for layer in chain:
        y = layer(y)
    (g,) = torch.autograd.grad(y[0, 0, at, at], x)
    return g[0, 0].sum(0)


@pytest.mark.parametrize("seed", range(6))
def test_grid_is_where_a_pixel_looks(seed: int) -> None:
    """The center of mass of what an output sees of the image."""
    torch.manual_seed(seed)
    chain: list[nn.Module] = []
    grid, size, at = Grid(), 160, 3
    for _ in range(4):
        kernel, stride, padding = (
            int(torch.randint(1, 5, ())),
            int(torch.randint(1, 3, ())),
            int(torch.randint(0, 2, ())),
        )
        padding = min(padding, kernel // 2)
        chain.append(nn.Conv2d(1, 1, kernel, stride, padding, bias=False))
        grid = grid.convolved(kernel, stride, padding)
    up = nn.ConvTranspose2d(1, 1, 4, 2, bias=False)
    tent = torch.tensor([0.25, 0.75, 0.75, 0.25])
    for layer in chain:
        nn.init.ones_(layer.get_parameter("weight"))
    up.weight.data[0, 0] = torch.outer(tent, tent)
    chain.append(up)
    grid, at = grid.transposed(4, 2), 8
    seen = weight_at(chain, size, at)
    center = float(seen @ torch.arange(size * 1.0) / seen.sum())
    assert center == pytest.approx(grid.start + grid.step * at, abs=1e-9)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(kernel - 1) / 2 - padding", "kernel / 2 - padding"),
        ("(kernel - 1) / 2 - padding", "(kernel - 1) / 2"),
        ("self.step * stride", "self.step + stride"),
        ("self.start - step *", "self.start + step *"),
        ("self.start - step *", "self.start - self.step *"),
    ],
)
def test_looking_notices_the_mutant(old: str, new: str) -> None:
    m = mutate(fcn_alignment, old, new)
    layers = [nn.Conv2d(1, 1, 3, 2, 1), nn.ConvTranspose2d(1, 1, 4, 2)]
    for layer in layers:
        nn.init.ones_(layer.weight)
    tent = torch.tensor([0.25, 0.75, 0.75, 0.25])
    layers[1].weight.data[0, 0] = torch.outer(tent, tent)
    grid = m.Grid().convolved(3, 2, 1).transposed(4, 2)
    seen = weight_at(layers, 64, 20)
    center = float(seen @ torch.arange(64.0) / seen.sum())
    assert abs(center - grid.start - grid.step * 20) > 0.1


def test_published_crops_follow_from_the_grid() -> None:
    pools, grid = [], Grid().convolved(3, 1, 100)
    for _ in range(5):
        grid = grid.convolved(2, 2, 0)
        pools.append(grid)
    score = grid.convolved(7, 1, 0)
    assert offset(Grid(), score.transposed(64, 32)) == 19
    up = score.transposed(4, 2)
    assert offset(up, pools[3]) == 5
    assert offset(Grid(), up.transposed(32, 16)) == 27
    again = up.transposed(4, 2)
    assert offset(again, pools[2]) == 9
    assert offset(Grid(), again.transposed(16, 8)) == 31


def test_overlap_cuts_whichever_begins_first() -> None:
    a, b = torch.arange(36.0).view(1, 1, 6, 6), torch.zeros(1, 1, 4, 9)
    for early, late, first in ((a, b, 0), (b, a, 1)):
        x, y, grid = overlap(early, Grid(2, -3), late, Grid(2, 1))
        assert x.shape == y.shape == (1, 1, (4, 2)[first], (4, 6)[first])
        assert grid == Grid(2, 1)
        assert torch.equal(
            x, early[..., 2 : 2 + x.shape[2], 2 : 2 + x.shape[3]]
        )
        z, _, same = overlap(late, Grid(2, 1), early, Grid(2, -3))
        assert same == grid and torch.equal(z, y)


def test_finer_strides_score_more_than_coarse_ones_and_color() -> None:
    stored = stored_values("index_comparison")
    color_alone = mean_iou(color_score(COLOR_CUE))
    coarse, middle = (stored[row] for row in ("fcn_32s", "fcn_16s"))
    assert 0.4 * color_alone < coarse["miou_low"]
    assert coarse["miou_high"] < 0.6 * color_alone
    assert color_alone < middle["miou_low"]
    assert middle["miou_high"] < stored["fcn_8s"]["miou_low"]


def test_a_foreign_state_is_refused() -> None:
    state = public_state(16)
    model = FCN(8, K, WIDTH, hidden=HIDDEN)
    names = torchfcn_names(model)
    with pytest.raises(ValueError, match=r"no 'score_pool3\.bias'|no 'score"):
        load_renamed(model, state, names)
    fit = public_state(8)
    with pytest.raises(ValueError, match=r"state has 'extra'; the model has"):
        load_renamed(model, fit | {"extra": torch.ones(1)}, names)
    load_renamed(model, fit | {"extra": torch.ones(1)}, names, ["ext"])
    wrong = fit | {"fc7.bias": torch.ones(3)}
    with pytest.raises(ValueError, match=r"'fc7.bias' is \(3,\); must be"):
        load_renamed(model, wrong, names)


def test_counts_of_batches_may_be_missing() -> None:
    norm = nn.BatchNorm2d(2)
    names = {k: k for k in norm.state_dict()}
    state = {k: torch.full((2,), 3.0) for k in names if k[:3] != "num"}
    load_renamed(norm, state, names)
    assert norm.get_buffer("running_mean").tolist() == [3, 3]
    loose = mutate(checkpoints, "endswith(COUNT)", 'endswith("weight")')
    with pytest.raises(ValueError, match="num_batches_tracked"):
        loose.load_renamed(norm, state, names)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: FCN(4), "stride is 4; must be 8, 16 or 32"),
        (lambda: FCN(8, 0), "classes is 0"),
        (lambda: FCN(8, 3, 1)(torch.ones(1, 1, 8, 8)), r"be \(b, 3, h, w\)"),
        (lambda: offset(Grid(2, 1), Grid(2, 0)), "whole pixels apart"),
        (lambda: offset(Grid(2, 0), Grid(1, 0)), "of one step"),
        (lambda: cut(torch.ones(1, 1, 4, 4), 2, 3, 2), "must hold 3 × 2"),
        (lambda: cut(torch.ones(1, 1, 4, 4), -1, 3, 2), "at -1"),
    ],
)
def test_bad_input_is_named(run: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run()
