"""U-Net against the paper's figure, its tiles against one pass, its loss."""

import math
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.ndimage import distance_transform_edt
from torch import Tensor, nn

from examples.segmentation import unet, unet_tiles, unet_weights
from examples.segmentation.checkpoints import load_renamed
from examples.segmentation.unet import UNet, lost_border
from examples.segmentation.unet_checkpoint import milesial_names
from examples.segmentation.unet_tiles import predict_tiles
from examples.segmentation.unet_weights import border_weights, weight_map
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap, randomize

pytestmark = pytest.mark.usefixtures("float64")
Parts = dict[str, Tensor]
CASES = {  # levels, padding, norm, training, x
    "valid, train": (4, 0, False, True, (1, 2, 188, 204)),
    "valid, eval": (3, 0, False, False, (2, 2, 92, 108)),
    "valid BN, train": (2, 0, True, True, (2, 2, 48, 52)),
    "padded, train": (4, 1, False, True, (2, 2, 48, 32)),
    "padded BN, train": (4, 1, True, True, (3, 2, 32, 16)),
    "padded BN, eval": (3, 1, True, False, (1, 2, 40, 56)),
}
WIDTH, K = 2, 3


def by_the_paper(
    x: Tensor, p: Parts, levels: int, padding: int, training: bool
) -> Tensor:
    def norm(h: Tensor, at: str) -> Tensor:
        if f"{at}.running_mean" not in p:
            return h
        return F.batch_norm(
            h,
            p[f"{at}.running_mean"].clone(),
            p[f"{at}.running_var"].clone(),
            p[f"{at}.weight"],
            p[f"{at}.bias"],
            training,
            0.1,
            1e-5,
        )

    def twice(h: Tensor, at: str) -> Tensor:
        second = 3 if f"{at}.1.running_mean" in p else 2
        for i in (0, second):
            weight, bias = p[f"{at}.{i}.weight"], p.get(f"{at}.{i}.bias")
            h = F.conv2d(h, weight, bias, padding=padding)
            h = F.relu(norm(h, f"{at}.{i + 1}"))
        return h

    across, h = [], x
    for level in range(levels + 1):
        h = twice(h, f"down.{level}")
        if level in (levels - 1, levels):  # the release: d3c and d4c
            h = F.dropout(h, 0.5, training)
        if level < levels:
            across.append(h)
            h = F.max_pool2d(h, 2, 2)
    for i in range(levels):
        weight, bias = p[f"upconvs.{i}.weight"], p[f"upconvs.{i}.bias"]
        h = F.conv_transpose2d(h, weight, bias, stride=2)
        skip = across[levels - 1 - i]
        away = (skip.shape[2] - h.shape[2]) // 2
        if away:
            skip = skip[:, :, away:-away, away:-away]
        h = twice(torch.cat((skip, h), dim=1), f"up.{i}")
    return F.conv2d(h, p["head.weight"], p["head.bias"])


def compare(m: ModuleType, case: str) -> dict[str, float]:
    levels, padding, norm, training, shape = CASES[case]
    model = m.UNet(2, K, WIDTH, levels, padding, norm).train(training)
    randomize(model)
    state = {k: v.clone() for k, v in model.state_dict().items()}
    theirs = {k: state[k].requires_grad_() for k, _ in model.named_parameters()}

    def ours(x: Tensor) -> Tensor:
        torch.manual_seed(3)
        return model(x)

    def paper(x: Tensor) -> Tensor:
        torch.manual_seed(3)
        return by_the_paper(x, state | theirs, levels, padding, training)

    torch.manual_seed(1)
    pairs = [(p, theirs[k]) for k, p in model.named_parameters()]
    return differences(ours, paper, [torch.randn(shape)], pairs)


@pytest.mark.parametrize("kind", ["valid", "padded"])
def test_equals_the_paper(kind: str, proof: Callable[..., None]) -> None:
    worst = {"forward": 0.0, "gradient": 0.0}
    mine = [case for case in CASES if case.startswith(kind)]
    for case in mine:
        found = compare(unet, case)
        worst = {k: max(worst[k], found[k]) for k in worst}
    assert max(worst.values()) < TOLERANCE, worst
    proof(
        ours=f"UNet, {kind}",
        reference="torch.nn.functional.conv2d",
        case=f"{len(mine)} cases, with and without BN",
        **worst,
    )


MUTANTS = {
    "5 × 5": ("given, out, 3, padding", "given, out, 5, padding"),
    "padding by 2": ("padding=padding, bias", "padding=2 * padding, bias"),
    "another eps": ("nn.BatchNorm2d(out)", "nn.BatchNorm2d(out, eps=1e-3)"),
    "no ReLU": ("layers.append(nn.ReLU())", "layers.append(nn.Identity())"),
    "leaky ReLU": (
        "layers.append(nn.ReLU())",
        "layers.append(nn.LeakyReLU(0.01))",
    ),
    "crop at a corner": ("- like.shape[i]) // 2", "- like.shape[i]) // 4"),
    "mean pooling": ("F.max_pool2d(x, 2)", "F.avg_pool2d(x, 2)"),
    "dropout at the bottom only": (
        "level >= self.levels - 1",
        "level >= self.levels",
    ),
    "dropout everywhere": ("level >= self.levels - 1", "level >= 0"),
    "upsampled first": (
        "torch.cat([center_crop(skips.pop(), x), x], 1)",
        "torch.cat([x, center_crop(skips.pop(), x)], 1)",
    ),
    "skips from the top": ("skips.pop(), x), x]", "skips.pop(0), x), x]"),
    "the skip is cut from the gradient": (
        "center_crop(skips.pop(), x), x]",
        "center_crop(skips.pop(), x).detach(), x]",
    ),
    "a sum of halves": ("x = upconv(x)", "x = upconv(x).relu()"),
    "no bias of the head": (
        "nn.Conv2d(width, classes, 1)",
        "nn.Conv2d(width, classes, 1, bias=False)",
    ),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_paper_notices_the_mutant(mutation: str) -> None:
    mutant, worst = mutate(unet, *MUTANTS[mutation]), 0.0
    for case in CASES:
        try:
            worst = max(worst, *compare(mutant, case).values())
        except (AssertionError, RuntimeError, KeyError, IndexError):
            worst = math.inf
    assert worst > 1e-6


def count(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())


def by_formula(inputs: int, k: int, c: int) -> int:
    """9 in out + out for a 3 × 3, 4 in out + out for a 2 × 2, 1 × 1."""
    widths = [c * 2**level for level in range(5)]
    total, given = 0, inputs
    for out in widths:
        total += 9 * given * out + out + 9 * out * out + out
        given = out
    for out in widths[-2::-1]:
        total += 4 * 2 * out * out + out  # the up-convolution
        total += 9 * 2 * out * out + out + 9 * out * out + out
    return total + c * k + k


def test_parameters_by_formula_and_as_known() -> None:
    with torch.device("meta"):
        assert count(UNet()) == by_formula(1, 2, 64) == 31_030_658
        assert count(UNet(3, 21)) == by_formula(3, 21, 64)
        assert count(UNet(3, 2, padding=1, norm=True)) == 31_037_698
        layers = [
            m
            for m in UNet().modules()
            if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)
        ]
    assert len(layers) == 23  # "23 convolutional layers in total"


def test_sides_of_the_figure() -> None:
    with torch.device("meta"):
        model, sides = UNet(), []
        for part in (*model.down, *model.up):
            part.register_forward_hook(
                lambda module, given, y: sides.append(y.shape[-1])
            )
        y = model(torch.empty(1, 1, 572, 572))
    assert sides == [568, 280, 136, 64, 28, 52, 100, 196, 388]
    assert y.shape == (1, 2, 388, 388)


@pytest.mark.parametrize("levels", [1, 2, 3])
@torch.no_grad()
def test_sizes_that_fit_are_those_that_work(levels: int) -> None:
    """What the check refuses loses other rows, or fails, without it."""
    model = UNet(1, 1, 1, levels)
    call = "check_unet_input(x, self.in_channels, self.levels, self.padding)"
    lenient = mutate(unet, call, "pass").UNet(1, 1, 1, levels)
    fitting = 0
    for n in range(1, lost_border(levels) + 3 * 2**levels):
        x = torch.randn(1, 1, n, n)
        try:
            rows = lenient(x).shape[2]
        except RuntimeError:
            rows = 0
        works = rows == n - lost_border(levels) > 0
        fitting += works
        if works:
            assert model(x).shape[2] == rows
        else:
            with pytest.raises(ValueError, match="x is"):
                model(x)
    assert fitting >= 2


def signal(start: Callable[[nn.Module], object]) -> list[float]:
    """How much the maps of a picture vary, level by level."""
    torch.manual_seed(0)
    model, found = UNet(3, 2, 16, padding=1).eval(), []
    start(model)

    def note(module: nn.Module, given: object, y: Tensor) -> None:
        found.append(float(y.detach().var(dim=(0, 2, 3)).mean()))

    for part in (*model.down, *model.up):
        part.register_forward_hook(note)
    model(torch.randn(2, 3, 64, 64))
    return found


def test_start_keeps_the_signal_where_torchs_own_loses_it() -> None:
    def reset(model: nn.Module) -> None:
        for layer in model.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                layer.reset_parameters()

    assert all(0.1 < size < 10 for size in signal(unet.start_normal))
    lost = signal(reset)
    assert lost[0] > 1e-3 and lost[4] < 1e-5
    model = UNet(1, 2, 24)
    for layer, n in (
        (model.down.get_submodule("3.2"), 9 * 192),
        (model.upconvs[0], 4 * 192),
    ):
        std = float(layer.get_parameter("weight").detach().std())
        assert std == pytest.approx((2 / n) ** 0.5, rel=0.02)


@pytest.mark.parametrize(("h", "w"), [(60, 47), (33, 65), (32, 32)])
def test_tiles_equal_one_pass(
    h: int, w: int, proof: Callable[..., None]
) -> None:
    error = tile_error(unet_tiles, h, w)
    assert error < TOLERANCE
    if (h, w) == (60, 47):
        proof(
            ours="predict_tiles",
            reference="numpy.pad",
            case="60 × 47, tiles of 16, one pass",
            forward=error,
        )


def tile_error(m: ModuleType, h: int, w: int) -> float:
    torch.manual_seed(0)
    model, image = UNet(2, 3, 2, 2).eval(), torch.randn(1, 2, h, w)
    tiled = m.predict_tiles(model, image, 16)
    border = lost_border(2) // 2
    x = np.pad(
        image.numpy(), ((0, 0),) * 2 + ((border, border),) * 2, "reflect"
    )
    padded = F.pad(torch.from_numpy(x), [0, (-w) % 4, 0, (-h) % 4])
    with torch.no_grad():
        whole = model(padded)[..., :h, :w]
    return gap(tiled, whole)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('mode="reflect"', 'mode="replicate"'),
        ("lost // 2, side, 4", "lost // 2 + 1, side, 4"),
        ("[..., :side, :side]", "[..., 1 : side + 1, :side]"),
        ("range(0, h, side)", "range(0, h + side, side + 2)"),
        ("top : top + n, left : left + n", "left : left + n, top : top + n"),
    ],
)
def test_one_pass_notices_the_mutant(old: str, new: str) -> None:
    mutant = mutate(unet_tiles, old, new)
    try:
        error = tile_error(mutant, 60, 47)
    except (AssertionError, RuntimeError, ValueError):
        error = math.inf
    assert error > 1e-6


def test_388_apart_is_not_seamless() -> None:
    """388 = 24 × 16 + 4: the second tile pools other pairs of rows."""
    torch.manual_seed(0)
    model = UNet(1, 2, 1, 4).eval()
    x = torch.randn(1, 1, 572 + 400, 188)
    with torch.no_grad():
        whole = model(x)
        for start, same in ((384, True), (388, False)):
            tile = model(x[:, :, start : start + 572])
            apart = gap(whole[:, :, start : start + 388], tile)
            assert (apart < TOLERANCE) == same


def test_padding_makes_seams() -> None:
    torch.manual_seed(0)
    model, x = UNet(1, 2, 2, 2, padding=1).eval(), torch.randn(1, 1, 32, 32)
    with torch.no_grad():
        whole, tile = model(x), model(x[..., :16])
    assert gap(whole[..., 15], tile[..., 15]) > 1e-3


def cells(seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:48, :40]
    found = np.zeros((48, 40), int)
    for number in range(1, 6):
        top, left, radius = random.uniform((0, 0, 4), (48, 40, 9))
        found[np.hypot(y - top, x - left) < radius] = number
    return found


def weights_by_hand(labels: np.ndarray) -> np.ndarray:
    ids = [n for n in np.unique(labels) if n]
    far = np.sort([distance_transform_edt(labels != n) for n in ids], axis=0)
    w = 10 * np.exp(-((far[0] + far[1]) ** 2) / (2 * 5**2)) * (labels == 0)
    inside = labels > 0
    return w + np.where(inside, 0.5 / inside.mean(), 0.5 / (~inside).mean())


def weights_error(m: ModuleType) -> float:
    return max(
        float(np.abs(m.weight_map(cells(s)) - weights_by_hand(cells(s))).max())
        for s in range(4)
    )


def test_weights_equal_scipy(proof: Callable[..., None]) -> None:
    error = weights_error(unet_weights)
    assert error < 1e-5  # OpenCV's distances are float32
    proof(
        ours="weight_map",
        reference="scipy.ndimage.distance_transform_edt",
        case="4 × 5 cells, float32 distances",
        forward=error,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(2 * sigma**2)", "(sigma**2)"),
        ("(first + second) ** 2", "first**2 + second**2"),
        ("[:2].astype", "[1:3].astype"),
        ("np.where(cells == 0, w0 * near, 0)", "w0 * near"),
        ("DIST_MASK_PRECISE", "DIST_MASK_3"),
        ("0.5 / share, 0.5 / (1 - share)", "0.5 / (1 - share), 0.5 / share"),
        ("w0: float = 10.0", "w0: float = 9.0"),
    ],
)
def test_scipy_notices_the_mutant(old: str, new: str) -> None:
    assert weights_error(mutate(unet_weights, old, new)) > 1e-3


def test_weights_balance_the_classes_and_need_two_cells() -> None:
    labels = cells(0)
    balance = weight_map(labels) - border_weights(labels)
    inside = labels > 0
    assert balance[inside].sum() == pytest.approx(balance[~inside].sum())
    assert balance.mean() == pytest.approx(1)
    assert not border_weights(np.where(labels == labels.max(), 1, 0)).any()


def test_public_names_load() -> None:
    model = UNet(3, 2, 2, padding=1, norm=True)
    names = milesial_names(model)
    public = {}
    for key, value in model.state_dict().items():
        fresh = torch.rand(value.shape) + 0.5
        public[names[key]] = fresh if value.dim() else value
    assert len(set(names.values())) == len(names)
    for name in (
        "inc.double_conv.0.weight",
        "down4.maxpool_conv.1.double_conv.4.running_var",
        "up1.up.bias",
        "up4.conv.double_conv.3.weight",
        "outc.conv.weight",
    ):
        assert name in public
    load_renamed(model, public, names)
    assert torch.equal(model.upconvs[0].bias, public["up1.up.bias"])
    del public["up4.up.weight"]
    with pytest.raises(ValueError, match=r"state has no 'up4\.up\.weight'"):
        load_renamed(model, public, names)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: UNet(padding=2), "padding is 2; must be 0 or 1"),
        (lambda: UNet(1, 2, 1)(torch.ones(1, 1, 572, 570)), "multiple of 16"),
        (lambda: UNet(1, 2, 1)(torch.ones(1, 1, 172, 188)), "n above 184"),
        (lambda: UNet(1, 2, 1)(torch.ones(1, 3, 572, 572)), r"\(b, 1, h, w\)"),
        (lambda: UNet(1, 2, 1, padding=1)(torch.ones(1, 1, 8, 16)), "with n a"),
        (lambda: UNet(1, 2, 1)(torch.ones(572, 572)), r"x is \(572, 572\)"),
        (
            lambda: predict_tiles(UNet(padding=1), torch.ones(1, 1, 8, 8)),
            "model has padding",
        ),
        (
            lambda: predict_tiles(UNet(1, 2, 1), torch.ones(1, 1, 99, 99), 388),
            "side is 388; must be a multiple of 16",
        ),
        (lambda: border_weights(np.ones(3)), r"cells are \(3,\)"),
        (lambda: border_weights(cells(0), sigma=0), "sigma 0"),
    ],
)
def test_bad_input_is_named(run: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run()
