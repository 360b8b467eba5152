"""SegNet against the authors' prototxt, and unpooling against a loop."""

import math
from collections.abc import Callable
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from examples.segmentation import (
    segnet,
    segnet_checkpoint,
    segnet_memory,
    segnet_upsampling,
)
from examples.segmentation.fcn import FCN
from examples.segmentation.index import color_score, mean_iou
from examples.segmentation.index_comparison import COLOR_CUE
from examples.segmentation.index_stored import stored_values
from examples.segmentation.segnet import SegNet, pool, unpool
from examples.segmentation.segnet_checkpoint import (
    caffe_names,
    layer_names,
    load_caffe,
)
from examples.segmentation.segnet_memory import pack_indices, unpack_indices
from examples.segmentation.segnet_upsampling import near_edges, way_up
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap

pytestmark = pytest.mark.usefixtures("float64")
State = dict[str, Tensor]
WIDTH, K = 2, 3
STAGES = (2, 2, 3, 3, 3)
SIZES = {  # training, x
    "train, 64 × 64": (True, (2, 3, 64, 64)),
    "train, 45 × 60": (True, (2, 3, 45, 60)),
    "train, 33 × 7": (True, (3, 3, 33, 7)),
    "eval, 32 × 96": (False, (1, 3, 32, 96)),
    "eval, 37 × 61": (False, (2, 3, 37, 61)),
    "eval, 1 × 5": (False, (1, 3, 1, 5)),
}


def unpool_by_hand(y: Tensor, indices: Tensor, size: tuple) -> Tensor:
    planes = []
    for values, places in zip(
        y.flatten(0, 1), indices.flatten(0, 1), strict=True
    ):
        cells = [y.new_zeros(())] * (size[0] * size[1])
        for value, place in zip(
            values.flatten(), places.flatten(), strict=True
        ):
            cells[int(place)] = value
        planes.append(torch.stack(cells).view(*size))
    return torch.stack(planes).view(*y.shape[:2], *size)


MAPS = [(1, 1, 2, 2), (2, 3, 4, 6), (1, 2, 5, 7), (2, 1, 1, 9), (1, 2, 6, 1)]


def compare_unpooling(m: ModuleType) -> dict[str, float]:
    """Forward and gradient, with a loop and with the library's own."""
    worst = {"forward": 0.0, "gradient": 0.0}
    torch.manual_seed(1)
    for shape in MAPS:
        x = torch.randn(shape)
        y, indices = m.pool(x)
        theirs = F.max_pool2d(x, 2, 2, ceil_mode=True)
        worst["forward"] = max(worst["forward"], gap(y, theirs))
        places = F.max_pool2d(x, 2, 2, 0, 1, True, return_indices=True)[1]
        worst["forward"] = max(worst["forward"], gap(indices, places))
        size = shape[2:]
        for other in (
            lambda v, i=places, s=size: unpool_by_hand(v, i, s),
            lambda v, i=places, s=size: F.max_unpool2d(v, i, 2, 2, 0, s),
        ):
            found = differences(
                lambda v, i=indices, s=size: m.unpool(v, i, s),
                other,
                [torch.randn(y.shape)],
            )
            worst = {k: max(worst[k], found[k]) for k in worst}
    return worst


def test_unpooling_equals_a_loop(proof: Callable[..., None]) -> None:
    worst = compare_unpooling(segnet)
    assert max(worst.values()) == 0
    proof(
        ours="pool, unpool",
        reference="torch.nn.functional.max_unpool2d",
        case=f"{len(MAPS)} sizes, and a loop by hand",
        **worst,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ceil_mode=True", "ceil_mode=False"),
        ("u.scatter(2,", "u.scatter_add(2, 0 *"),
        ("indices.flatten(2), y", "indices.flatten(2).flip(2), y"),
        ("y.flatten(2))", "y.flatten(2).abs())"),
        ("y.flatten(2))", "y.flatten(2).detach())"),
        ("y.new_zeros(b, c, size[0]", "y.new_ones(b, c, size[0]"),
        ("u.view(b, c, *size)", "u.view(b, c, size[1], size[0]).mT"),
        ("F.max_pool2d(x, 2,", "F.max_pool2d(x.abs(), 2,"),
    ],
)
def test_the_loop_notices_the_mutant(old: str, new: str) -> None:
    mutant = mutate(segnet, old, new)
    try:
        worst = max(compare_unpooling(mutant).values())
    except (AssertionError, RuntimeError, ValueError):
        worst = math.inf
    assert worst > 1e-6


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 99))
def test_maxima_return_to_their_places(h: int, w: int, seed: int) -> None:
    """Where a window has its maximum, x comes back, and 0 elsewhere."""
    x = torch.randn(2, 3, h, w, generator=torch.Generator().manual_seed(seed))
    y, indices = pool(x)
    u = unpool(y, indices, (h, w))
    assert int((u != 0).sum()) == y.numel()
    assert torch.equal(u[u != 0], x[u != 0])
    for i in range(0, h, 2):
        for j in range(0, w, 2):
            window = (..., slice(i, i + 2), slice(j, j + 2))
            best = x[window].flatten(2).amax(2)
            assert torch.equal(u[window].flatten(2).sum(2), best)
    gathered = u.flatten(2).gather(2, indices.flatten(2)).view_as(y)
    assert torch.equal(gathered, y)  # P Pᵀ = 1


@pytest.mark.parametrize("size", [(4, 6), (5, 7)])
def test_unpooling_is_the_gradient_of_pooling(
    size: tuple[int, int], proof: Callable[..., None]
) -> None:
    x = torch.randn(2, 3, *size, requires_grad=True)
    y, indices = pool(x)
    v = torch.randn_like(y)
    (g,) = torch.autograd.grad(y, x, v)
    error = gap(unpool(v, indices, size), g)
    assert error == 0
    w = torch.randn_like(x)  # <Pᵀ v, w> = <v, P w>
    picked = w.flatten(2).gather(2, indices.flatten(2)).view_as(v)
    error = max(error, abs(float((g * w).sum() - (v * picked).sum())))
    assert error < TOLERANCE
    if size[0] == 5:
        proof(
            ours="unpool",
            reference="torch.autograd.grad",
            case="of pooling: the transpose of picking",
            forward=error,
        )


def caffe_blobs() -> State:
    """Random weights under the layers of the authors' prototxt."""
    blobs, given = {}, 3

    def layer(name: str, out: int, norm: bool = True) -> int:
        shape = (out, given, 3, 3)
        blobs[f"{name}.0"] = torch.randn(shape) * (2 / given / 9) ** 0.5
        blobs[f"{name}.1"] = torch.randn(out) / 5
        if norm:
            blobs[f"{name}_bn.0"] = torch.rand(1, out, 1, 1) + 0.5
            blobs[f"{name}_bn.1"] = torch.randn(1, out, 1, 1) / 5
        return out

    widths = [WIDTH * n for n in (1, 2, 4, 8, 8)]
    for level, convs in enumerate(STAGES, 1):
        for i in range(1, convs + 1):
            given = layer(f"conv{level}_{i}", widths[level - 1])
    for level in range(5, 0, -1):
        for i in range(STAGES[level - 1], 1, -1):
            given = layer(f"conv{level}_{i}_D", widths[level - 1])
        if level > 1:
            given = layer(f"conv{level}_1_D", widths[level - 2])
    layer("conv1_1_D", K, norm=False)
    return blobs


def by_the_prototxt(
    x: Tensor,
    p: State,
    norm: Callable[[Tensor, str], Tensor],
) -> Tensor:
    def conv(x: Tensor, name: str) -> Tensor:
        return F.conv2d(x, p[f"{name}.0"], p[f"{name}.1"], padding=1)

    def unit(x: Tensor, name: str) -> Tensor:
        return F.relu(norm(conv(x, name), f"{name}_bn"))

    masks, sizes = {}, {}
    for level, convs in enumerate(STAGES, 1):
        for i in range(1, convs + 1):
            x = unit(x, f"conv{level}_{i}")
        sizes[level] = x.shape[2:]
        x, masks[level] = F.max_pool2d(
            x, kernel_size=2, stride=2, ceil_mode=True, return_indices=True
        )
    for level in (5, 4, 3, 2, 1):
        x = F.max_unpool2d(
            x, masks[level], 2, stride=2, output_size=sizes[level]
        )
        for i in range(STAGES[level - 1], 0, -1):
            name = f"conv{level}_{i}_D"
            x = conv(x, name) if name == "conv1_1_D" else unit(x, name)
    return x


def batch_norm(p: State, stats: State, training: bool) -> Callable:
    def norm(x: Tensor, name: str) -> Tensor:
        scale, shift = p[f"{name}.0"].flatten(), p[f"{name}.1"].flatten()
        mean, var = stats[f"{name}.mean"], stats[f"{name}.var"]
        return F.batch_norm(
            x, mean, var, scale, shift, training, momentum=0.1, eps=1e-5
        )

    return norm


def compare(m: ModuleType, case: str) -> dict[str, float]:
    training, shape = SIZES[case]
    torch.manual_seed(len(case))
    blobs = {k: v.requires_grad_() for k, v in caffe_blobs().items()}
    model = m.SegNet(K, WIDTH).train(training)
    names = caffe_names(model)
    for name, parameter in model.named_parameters():
        parameter.data = blobs[names[name]].detach().view_as(parameter)
    assert set(names.values()) == set(blobs)
    stats = {}
    for part, layer in model.named_modules():
        if isinstance(layer, nn.BatchNorm2d):
            name = names[f"{part}.weight"].removesuffix(".0")
            layer.running_mean = torch.randn(layer.num_features) / 5
            layer.running_var = torch.rand(layer.num_features) + 0.5
            stats[f"{name}.mean"] = layer.running_mean.clone()
            stats[f"{name}.var"] = layer.running_var.clone()
    norm = batch_norm(blobs, stats, training)
    pairs = [(p, blobs[names[n]]) for n, p in model.named_parameters()]
    return differences(
        model,
        lambda x: by_the_prototxt(x, blobs, norm),
        [torch.randn(shape)],
        pairs,
    )


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_equals_the_prototxt(mode: str, proof: Callable[..., None]) -> None:
    worst = {"forward": 0.0, "gradient": 0.0}
    mine = [case for case in SIZES if case.startswith(mode)]
    for case in mine:
        found = compare(segnet, case)
        worst = {k: max(worst[k], found[k]) for k in worst}
    assert max(worst.values()) < TOLERANCE, worst
    proof(
        ours=f"SegNet, {mode}",
        reference="torch.nn.functional.conv2d",
        case=f"{len(mine)} sizes, odd ones too",
        **worst,
    )


MUTANTS = {
    "pooling rounds down": ("ceil_mode=True", "ceil_mode=False"),
    "unpooled to the corner": (
        "u.scatter(2, indices",
        "u.scatter(2, 0 * indices",
    ),
    "indices of the wrong level": ("places.pop()", "places.pop(0)"),
    "no BN in the decoder": ("nn.BatchNorm2d(out)", "nn.Identity()"),
    "another eps": ("nn.BatchNorm2d(out)", "nn.BatchNorm2d(out, 1e-3)"),
    "no ReLU in the decoder": (
        "nn.BatchNorm2d(out), nn.ReLU()]",
        "nn.BatchNorm2d(out), nn.Identity()]",
    ),
    "ReLU before BN": (
        "[conv, nn.BatchNorm2d(out), nn.ReLU()]",
        "[conv, nn.ReLU(), nn.BatchNorm2d(out)]",
    ),
    "BN and ReLU on the scores": (
        "layers.append(nn.Conv2d(c, classes, 3, padding=1))",
        "layers += conv_norm_relu(c, classes)",
    ),
    "one convolution less": ("range(convs[i] - 1)", "range(convs[i] - 2)"),
    "no BN in the encoder": ("norm=True", "norm=False"),
    "scores by a 1 × 1": (
        "nn.Conv2d(c, classes, 3, padding=1)",
        "nn.Conv2d(c, classes, 1)",
    ),
    "the width changes at once": (
        "layers += conv_norm_relu(c, c)",
        "layers += conv_norm_relu(c, c := channels[max(i - 1, 0)])",
    ),
    "unpooled twice over": (
        "y = stage(unpool(y, *places.pop()))",
        "y = stage(2 * unpool(y, *places.pop()))",
    ),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_prototxt_notices_the_mutant(mutation: str) -> None:
    mutant, worst = mutate(segnet, *MUTANTS[mutation]), 0.0
    for case in ("train, 45 × 60", "eval, 37 × 61"):
        try:
            worst = max(worst, *compare(mutant, case).values())
        except (
            *(AssertionError, AttributeError, IndexError, KeyError),
            *(RuntimeError, ValueError),
        ):
            worst = math.inf
    assert worst > 1e-6


def test_parameters_by_hand() -> None:
    """Nine weights and a bias a pair of channels, two numbers a BN."""
    channels = (64, 128, 256, 512, 512)
    encoder = decoder = 0
    given = 3
    for c, convs in zip(channels, STAGES, strict=True):
        for _ in range(convs):
            encoder += 9 * given * c + c + 2 * c
            given = c
    for level in (4, 3, 2, 1, 0):
        c, convs = channels[level], STAGES[level]
        decoder += (convs - 1) * (9 * c * c + c + 2 * c)
        out = channels[level - 1] if level else 11
        decoder += 9 * c * out + out + (2 * out if level else 0)
    with torch.device("meta"):
        model = SegNet()
    counts = [
        sum(p.numel() for p in part.parameters())
        for part in (model.encoder, model.decoder, model)
    ]
    assert counts == [encoder, decoder, encoder + decoder]
    assert counts == [14_723_136, 14_726_219, 29_449_355]
    # Table 6 gives 117 MB for the file, section 3 14.7 million
    assert int(4 * counts[2] / 1e6) == 117 and counts[0] // 10**5 == 147
    with torch.device("meta"):
        fcn = sum(p.numel() for p in FCN(8).parameters())
    assert fcn > 4.5 * counts[2]


@pytest.mark.parametrize(
    ("classes", "published"), [(19, 29_453_971), (12, 29_449_956)]
)
def test_counts_of_two_ports(classes: int, published: int) -> None:
    """pytorchcv's is ours; pytorch-semseg's has BN on the scores."""
    with torch.device("meta"):
        model = SegNet(classes)
    more = {19: 0, 12: 2 * classes}[classes]
    assert sum(p.numel() for p in model.parameters()) + more == published


def test_sizes_are_those_of_the_prototxt() -> None:
    """upsample5 goes to 23 × 30 and upsample4 to 45 × 60."""
    with torch.device("meta"):
        _, places = SegNet(11, 1).encode(torch.empty(1, 3, 360, 480))
    assert [size for _, size in places] == [
        *((360, 480), (180, 240), (90, 120)),
        *((45, 60), (23, 30)),
    ]


def test_inference_blobs_of_caffe_load(proof: Callable[..., None]) -> None:
    """BN is a scale and a shift there, with nothing left to normalize."""
    blobs = caffe_blobs()
    model = SegNet(K, WIDTH).eval()
    load_caffe(model, blobs)
    x = torch.randn(2, 3, 45, 60)
    found = differences(
        model,
        lambda x: by_the_prototxt(
            x, blobs, lambda y, n: y * blobs[f"{n}.0"] + blobs[f"{n}.1"]
        ),
        [x],
    )
    assert max(found.values()) < TOLERANCE
    proof(
        ours="load_caffe",
        reference="torch.nn.functional.conv2d",
        case="BN as a scale and a shift",
        **found,
    )
    with pytest.raises(ValueError, match=r"no 'conv3_2_D_bn\.1'"):
        load_caffe(
            model, {k: v for k, v in blobs.items() if k != "conv3_2_D_bn.1"}
        )
    with pytest.raises(ValueError, match=r"state has 'conv6\.0'"):
        load_caffe(model, blobs | {"conv6.0": torch.ones(1)})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("mean + 1 - norm.eps", "mean + 1"),
        ("{0 if leaf == 'weight' else 1}", "{1 if leaf == 'weight' else 0}"),
        ("count - j}_D", "j + 1}_D"),
        ("len(model.decoder) - i\n", "i + 1\n"),
    ],
)
def test_loading_notices_the_mutant(old: str, new: str) -> None:
    mutant, blobs = mutate(segnet_checkpoint, old, new), caffe_blobs()
    model, x = SegNet(K, WIDTH).eval(), torch.randn(1, 3, 32, 32)
    try:
        mutant.load_caffe(model, blobs)
        y = by_the_prototxt(
            x, blobs, lambda y, n: y * blobs[f"{n}.0"] + blobs[f"{n}.1"]
        )
        worst = gap(model(x), y)
    except (ValueError, KeyError):
        worst = math.inf
    assert worst > 1e-9


def test_layers_of_caffe_and_ours_are_as_many() -> None:
    layers = list(layer_names(SegNet(K, 1)))
    ours, theirs, caffe = zip(*layers, strict=True)
    assert len(set(ours)) == len(set(theirs)) == len(set(caffe)) == 26 + 25


def compare_packing(m: ModuleType) -> bool:
    random = torch.Generator().manual_seed(3)
    for shape in [*MAPS, (2, 3, 45, 60)]:
        _, indices = pool(torch.randn(shape, generator=random))
        packed = m.pack_indices(indices, shape[3])
        if packed.dtype != torch.uint8:
            return False
        if len(packed) != math.ceil(indices.numel() / 4):
            return False
        back = m.unpack_indices(packed, tuple(indices.shape), shape[3])
        if not torch.equal(back, indices):
            return False
        code = int(packed[0]) % 4  # by hand, for the first window
        place = divmod(int(indices.flatten()[0]), shape[3])
        if (code // 2, code % 2) != place:
            return False
    return True


def test_two_bits_give_the_indices_back() -> None:
    assert compare_packing(segnet_memory)
    assert pack_indices(torch.tensor([[[[0, 3], [9, 14]]]]), 4).tolist() == [
        0b10_01_01_00
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2 * (row % 2) + column % 2", "(row % 2) + 2 * (column % 2)"),
        ("indices % width\n", "indices % (width + 1)\n"),
        ("[1, 4, 16, 64])  # of", "[64, 16, 4, 1])  # of"),
        ("code // 2, 2 * j", "code % 2, 2 * j"),
        ("row * width + column", "row * (width - 1) + column"),
        ("-len(code) % 4", "len(code) % 4"),
    ],
)
def test_packing_notices_the_mutant(old: str, new: str) -> None:
    try:
        same = compare_packing(mutate(segnet_memory, old, new))
    except (RuntimeError, ValueError):
        same = False
    assert not same


def test_what_is_kept_by_hand() -> None:
    """The figures of section 3.1 are a pooled map of 64 × 180 × 240."""
    windows = 64 * 180 * 240
    assert round(windows * 4 / 1e6) == 11
    assert round(11 * 180 * 240 * 4 / 1e6, 1) == 1.9
    assert round(windows * 2 / 8 / 1e6, 2) == 0.69
    assert round(windows / 4 * 2 / 8 / 1e6, 2) == 0.17  # as printed there
    y, indices = pool(torch.randn(1, 1, 8, 8).float())
    assert indices.element_size() == 2 * y.element_size() == 8


def corner_by_hand(y: Tensor, full: Tensor, _: Tensor) -> Tensor:
    rows, columns = torch.meshgrid(
        2 * torch.arange(y.shape[2]),
        2 * torch.arange(y.shape[3]),
        indexing="ij",
    )
    places = (rows * full.shape[3] + columns).expand_as(y).contiguous()
    return F.max_unpool2d(y, places, 2, output_size=full.shape[2:])


def tents(y: Tensor, full: Tensor) -> Tensor:
    """Bilinear by hand: 3/4 of a value and 1/4 of its neighbor."""
    for axis in (2, 3):
        n = y.shape[axis]
        i = torch.arange(2 * n)
        near = (i + 1) // 2 - 1
        low, high = (
            y.index_select(axis, k.clamp(0, n - 1)) for k in (near, near + 1)
        )
        share = torch.where(i % 2 == 0, 0.75, 0.25)
        share = share.view(-1, 1) if axis == 2 else share
        y = low * (1 - share) + high * share
    return y


BY_HAND = {
    "indices": lambda y, full, i: F.max_unpool2d(
        y, i, 2, output_size=full.shape[2:]
    ),
    "corner": corner_by_hand,
    "bilinear": lambda y, full, _: tents(y, full),
    "learned": lambda y, full, _: tents(y, full),
    "skip": lambda y, full, _: full + tents(y, full),
}


def compare_way(m: ModuleType, row: str) -> float:
    torch.manual_seed(5)
    full = torch.randn(2, 16, 12, 10)
    y, indices = pool(full)
    y, model = torch.randn_like(y), m.way_up(row).double()
    u = model.enlarge(y, full, indices, 2)
    theirs = BY_HAND[row](y, full, indices)
    if row == "learned":  # a border of zeros there, of copies here
        u, theirs = u[..., 1:-1, 1:-1], theirs[..., 1:-1, 1:-1]
    return gap(u, theirs)


@pytest.mark.parametrize("row", segnet_upsampling.rows())
def test_ways_up_differ_in_nothing_else(row: str) -> None:
    assert compare_way(segnet_upsampling, row) < 1e-6
    ours, same = way_up(row), way_up("indices")
    state = ours.state_dict()
    for name, value in same.state_dict().items():
        assert torch.equal(state.pop(name), value)
    assert all(name.startswith("ups") for name in state)
    more = sum(p.numel() for p in ours.parameters())
    assert more < 1.07 * sum(p.numel() for p in same.parameters())
    z = ours.eval()(torch.randn(1, 3, 64, 64))
    assert z.shape == (1, 7, 64, 64)


@pytest.mark.parametrize(
    ("row", "old", "new"),
    [
        ("corner", "u[..., ::2, ::2]", "u[..., 1::2, ::2]"),
        ("bilinear", 'mode="bilinear"', 'mode="nearest"'),
        ("bilinear", '"bilinear")', '"bilinear", align_corners=True)'),
        ("learned", "(2, WIDTH).to", "(2, WIDTH).sqrt().to"),
        ("skip", "level) + full", "level) - full"),
    ],
)
def test_ways_by_hand_notice_the_mutant(row: str, old: str, new: str) -> None:
    assert compare_way(mutate(segnet_upsampling, old, new), row) > 1e-3


def test_what_the_page_says_of_the_ways_up() -> None:
    stored = stored_values("segnet_upsampling", segnet_upsampling.rows())
    indices, skip = stored["indices"], stored["skip"]
    for row in ("corner", "bilinear", "learned"):
        assert indices["edges_low"] > stored[row]["edges_high"] + 0.1
        assert stored[row]["kept_kib"] == 0
    learned, bilinear = stored["learned"], stored["bilinear"]
    assert bilinear["miou_high"] > indices["miou_low"]  # they overlap
    assert abs(learned["edges_low"] - bilinear["edges_low"]) < 0.03
    assert stored["corner"]["edges_high"] < bilinear["edges_high"] + 0.01
    assert stored["corner"]["miou_high"] < bilinear["miou_low"]
    assert skip["kept_kib"] == 64 * indices["kept_kib"]
    assert 5000 < 1024 * indices["kept_kib"] < 6000
    assert skip["miou_low"] > indices["miou_high"] + 0.05
    assert skip["edges_low"] > indices["edges_high"] + 0.05


def test_the_small_one_lies_between_color_and_fcn() -> None:
    stored = stored_values("index_comparison", ["segnet", "fcn_8s"])
    color_alone = mean_iou(color_score(COLOR_CUE))
    assert stored["segnet"]["miou_low"] > color_alone
    assert stored["segnet"]["miou_high"] < stored["fcn_8s"]["miou_low"]


def test_flat_windows_point_to_their_corner() -> None:
    for x in (torch.zeros(1, 2, 4, 6), torch.full((1, 2, 4, 6), 3.0)):
        assert pool(x)[1][0, 0].tolist() == [[0, 2, 4], [12, 14, 16]]


def test_edges_by_hand() -> None:
    labels = torch.randint(2, (2, 9, 11)) * torch.randint(2, (2, 9, 11))
    for pixels in (1, 2):
        near = near_edges(labels, pixels)
        for b in range(2):
            for i in range(9):
                for j in range(11):
                    part = labels[
                        b,
                        max(i - pixels, 0) : i + pixels + 1,
                        max(j - pixels, 0) : j + pixels + 1,
                    ]
                    assert bool(near[b, i, j]) == (len(part.unique()) > 1)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: SegNet(0), "classes is 0; must be at least 1"),
        (lambda: SegNet(2, 1)(torch.ones(1, 1, 8, 8)), r"be \(b, 3, h, w\)"),
        (lambda: SegNet(2, 1)(torch.ones(3, 8, 8)), r"x is \(3, 8, 8\)"),
        (lambda: SegNet(2, 0), "width is 0"),
        (lambda: SegNet(2, 1, 12), "layers is 12"),
        (
            lambda: unpool(
                torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 2, 3).long(), (4, 4)
            ),
            r"indices are \(1, 1, 2, 3\); must be of the shape",
        ),
        (
            lambda: unpool(
                torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 2, 2).long(), (5, 4)
            ),
            r"size is \(5, 4\), which is pooled to \(3, 2\); must be",
        ),
        (
            lambda: pack_indices(torch.zeros(1, 1, 2, 2).long(), 5),
            "width is 5; must be 3 or 4",
        ),
        (
            lambda: unpack_indices(torch.zeros(2), (1, 1, 2, 2), 4),
            r"packed is \(2,\) of torch.float64; must be \(1,\)",
        ),
        (lambda: way_up("nearest"), "row is 'nearest'; must be one of"),
    ],
)
def test_bad_input_is_named(run: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run()
