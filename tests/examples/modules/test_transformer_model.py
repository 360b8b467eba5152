"""The whole model against torch.nn.Transformer, positions, and counts."""

import cmath
import math
from collections.abc import Callable
from functools import partial
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils.flop_counter import FlopCounterMode

from examples.modules import (
    transformer_cost,
    transformer_model,
    transformer_position,
)
from examples.modules.self_attention import padding_mask
from examples.modules.transformer import (
    DecoderLayer,
    EncoderLayer,
    PostNorm,
    PreNorm,
)
from examples.modules.transformer_model import Transformer, greedy
from examples.modules.transformer_position import (
    frequencies,
    rotation,
    sinusoids,
)
from tests.examples.modules.test_transformer import theirs_of
from tests.mutants import mutate
from tests.parity import TOLERANCE, differences, gap, randomize

pytestmark = pytest.mark.usefixtures("float64")
K, D, HEADS, HIDDEN, LAYERS = 9, 12, 3, 20, 2
NORMS = {"PostNorm": PostNorm, "PreNorm": PreNorm}


def codes_by_hand(n: int, d: int) -> Tensor:
    """The paper's formula, a number at a time, with Python's floats."""
    rows = [
        [
            math.sin(p / 10_000 ** (j / d))
            if j % 2 == 0
            else math.cos(p / 10_000 ** ((j - 1) / d))
            for j in range(d)
        ]
        for p in range(n)
    ]
    return torch.tensor(rows)


def torchs(norm: str) -> nn.Transformer:
    first = norm == "PreNorm"
    settings = {"dropout": 0.0, "batch_first": True, "norm_first": first}
    encoder = nn.TransformerEncoderLayer(D, HEADS, HIDDEN, **settings)
    decoder = nn.TransformerDecoderLayer(D, HEADS, HIDDEN, **settings)
    lasts = [nn.LayerNorm(D) if first else None for _ in range(2)]
    return nn.Transformer(
        D,
        HEADS,
        custom_encoder=nn.TransformerEncoder(
            encoder, LAYERS, lasts[0], enable_nested_tensor=False
        ),
        custom_decoder=nn.TransformerDecoder(decoder, LAYERS, lasts[1]),
        batch_first=True,
    )


def renamed(ours: dict[str, Tensor], norm: str) -> dict[str, Tensor]:
    found = {}
    for part in ("encoder", "decoder"):
        for i in range(LAYERS):
            prefix = f"{part}.layers.{i}."
            layer = theirs_of(ours, prefix)
            found |= {prefix + name: value for name, value in layer.items()}
        if norm == "PreNorm":
            affine = f"{part}.norm.affine"
            found[f"{part}.norm.weight"] = ours[f"{affine}.gamma"]
            found[f"{part}.norm.bias"] = ours[f"{affine}.beta"]
    return found


def compare(
    m: ModuleType, norm: str, lengths: tuple | None, training: bool
) -> dict[str, float]:
    sizes = K, D, HEADS, HIDDEN, LAYERS
    ours = m.Transformer(*sizes, NORMS[norm]).train(training)
    theirs = torchs(norm).train(training)
    randomize(ours)
    names = [name for name, _ in ours.named_parameters()]
    leaves = [p.detach() for p in ours.parameters()]
    source, target = torch.randint(K, (3, 7)), torch.randint(K, (3, 5))
    readable = hidden = None
    if lengths:
        readable = padding_mask(torch.tensor(lengths), 7)
        hidden = ~readable[:, 0, 0]

    def run_ours(*weights: Tensor) -> Tensor:
        given = dict(zip(names, weights, strict=True))
        return functional_call(ours, given, (source, target, readable))

    def run_theirs(*weights: Tensor) -> Tensor:
        given = dict(zip(names, weights, strict=True))
        table = given["embedding.weight"]
        words = [
            nn.functional.embedding(t, table) * math.sqrt(D)
            + codes_by_hand(t.shape[1], D)
            for t in (source, target)
        ]
        masks = {
            "tgt_mask": torch.ones(5, 5, dtype=torch.bool).triu(1),
            "src_key_padding_mask": hidden,
            "memory_key_padding_mask": hidden,
        }
        weights_ = renamed(given, norm)
        y = functional_call(theirs, weights_, tuple(words), masks)
        return nn.functional.linear(y, table)

    return differences(run_ours, run_theirs, leaves)


SETTINGS = [
    (lengths, training)
    for lengths in (None, (7, 4, 1))
    for training in (True, False)
]


@pytest.mark.parametrize("norm", NORMS)
def test_transformer_equals_torch(
    norm: str, proof: Callable[..., None]
) -> None:
    worst = {"forward": 0.0, "gradient": 0.0}
    for setting in SETTINGS:
        found = compare(transformer_model, norm, *setting)
        worst = {k: max(worst[k], found[k]) for k in worst}
    assert max(worst.values()) < TOLERANCE, worst
    proof(
        ours="Transformer",
        reference="torch.nn.Transformer",
        case=f"{norm}, 4 settings",
        **worst,
    )


MUTANTS = {
    "embeddings not scaled": (
        "x.shape[-1] ** 0.5 * x + places",
        "x + places",
    ),
    "positions scaled as well": (
        "x.shape[-1] ** 0.5 * x + places",
        "x.shape[-1] ** 0.5 * (x + places)",
    ),
    "no positions": (
        "x.shape[-1] ** 0.5 * x + places",
        "x.shape[-1] ** 0.5 * x",
    ),
    "the causal mask is one off": (
        "causal_mask(target.shape[1])",
        "causal_mask(target.shape[1], target.shape[1] + 1)[:, :-1]",
    ),
    "the decoder sees the future": (
        "x = self.decoder(x, memory, allowed, readable)",
        "x = self.decoder(x, memory, None, readable)",
    ),
    "padding is read by the encoder": (
        "return self.encoder(self.embed(source), readable)",
        "return self.encoder(self.embed(source))",
    ),
    "padding is read by the decoder": (
        "x = self.decoder(x, memory, allowed, readable)",
        "x = self.decoder(x, memory, allowed)",
    ),
    "the decoder reads embeddings, not the memory": (
        "memory = self.encode(source, readable)",
        "memory = self.embed(source)",
    ),
    "no gradient through the logits' matrix": (
        "x @ self.embedding.weight.T",
        "x @ self.embedding.weight.T.detach()",
    ),
    "logits divided by sqrt(d)": (
        "return x @ self.embedding.weight.T",
        "return x @ self.embedding.weight.T / x.shape[-1] ** 0.5",
    ),
    "one decoder layer too few": (
        "[DecoderLayer(*sizes) for _ in range(layers)]",
        "[DecoderLayer(*sizes) for _ in range(layers - 1)]",
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_comparison_notices_the_mutant(name: str) -> None:
    mutant = mutate(transformer_model, *MUTANTS[name])
    for norm in NORMS:
        try:
            found = compare(mutant, norm, (7, 4, 1), True)
            noticed = not max(found.values()) < TOLERANCE
        except (RuntimeError, KeyError):
            noticed = True
        assert noticed


def test_torch_adds_a_norm_that_the_paper_does_not_have() -> None:
    theirs = nn.Transformer(12, 2, 2, 2, 20, batch_first=True)
    extra = [theirs.encoder.norm, theirs.decoder.norm]
    assert all(type(norm) is nn.LayerNorm for norm in extra)
    ours = Transformer(K, D, HEADS, HIDDEN, LAYERS)
    assert type(ours.encoder.norm) is nn.Identity


def test_position_codes_equal_the_formula(proof: Callable[..., None]) -> None:
    worst = 0.0
    for n, d in ((1, 2), (50, 6), (300, 64)):
        worst = max(worst, gap(sinusoids(n, d), codes_by_hand(n, d)))
    assert worst < TOLERANCE
    proof(
        ours="sinusoids",
        reference="math.sin",
        case="300 positions",
        forward=worst,
    )


def test_a_shift_is_a_rotation(proof: Callable[..., None]) -> None:
    """A pair is a complex number; its matrix is the product by e^(-i k w)."""
    d, worst = 16, 0.0
    codes = sinusoids(400, d)
    for k in (0, 1, 7, -3, 100):
        turn = rotation(k, d)
        moved = codes[200:250] @ turn.T
        worst = max(worst, gap(moved, codes[200 + k : 250 + k]))
        pairs = torch.view_as_complex(codes[200:250].unflatten(1, (-1, 2)))
        factors = [cmath.exp(-1j * k * w) for w in frequencies(d).tolist()]
        by_hand = torch.view_as_real(pairs * torch.tensor(factors))
        worst = max(worst, gap(moved, by_hand.flatten(1)))
        assert gap(turn @ turn.T, torch.eye(d)) < TOLERANCE
        assert gap(turn, rotation(-k, d).T) < TOLERANCE
    assert worst < TOLERANCE
    assert gap(rotation(3, d) @ rotation(4, d), rotation(7, d)) < TOLERANCE
    proof(
        ours="rotation",
        reference="cmath.exp",
        case="5 shifts of 50 positions",
        forward=worst,
    )


def test_likeness_depends_on_the_distance_alone() -> None:
    codes = sinusoids(300, 64)
    dots = codes @ codes.T
    for k in (0, 1, 50):
        along = dots.diagonal(k)
        expected = torch.cos(k * frequencies(64)).sum()
        assert gap(along, expected.expand_as(along)) < 1e-10
    assert float(dots[0, 0]) == pytest.approx(32)
    assert (dots[0, 1:] < 31).all()  # nobody is as near as oneself


POSITION_MUTANTS = {
    "another base": ("LONGEST = 10_000.0", "LONGEST = 1_000.0"),
    "every feature its own frequency": (
        "torch.arange(0, features, 2) / features",
        "torch.arange(features // 2) / features",
    ),
    "frequencies end at the longest": (
        "torch.arange(0, features, 2) / features",
        "torch.arange(0, features, 2) / max(features - 2, 1)",
    ),
    "cosine first": (
        "[angles.sin(), angles.cos()]",
        "[angles.cos(), angles.sin()]",
    ),
    "halves instead of pairs": ("-1).flatten(1)", "-2).flatten(1)"),
    "positions from one": (
        "torch.arange(n)[:, None]",
        "torch.arange(1, n + 1)[:, None]",
    ),
}


@pytest.mark.parametrize("name", POSITION_MUTANTS)
def test_formula_notices_the_mutant(name: str) -> None:
    mutant = mutate(transformer_position, *POSITION_MUTANTS[name])
    assert gap(mutant.sinusoids(50, 6), codes_by_hand(50, 6)) > 1e-3


def test_rotation_the_other_way_is_noticed() -> None:
    turned = mutate(transformer_position, "([cos, sin]", "([cos, -sin]")
    turned = turned.rotation(3, 6)
    assert gap(sinusoids(9, 6)[:6] @ turned.T, sinusoids(9, 6)[3:]) > 0.1


@pytest.mark.parametrize("norm", NORMS.values())
def test_one_pass_gives_what_a_pass_a_token_gives(norm: Callable) -> None:
    """Logits and gradients: training needs no loop over positions."""
    model = Transformer(K, D, HEADS, HIDDEN, LAYERS, norm)
    source, target = torch.randint(K, (2, 7)), torch.randint(K, (2, 6))
    dy = torch.randn(2, 6, K)
    at_once = model(source, target)
    steps = [model(source, target[:, : i + 1])[:, -1] for i in range(6)]
    one_by_one = torch.stack(steps, 1)
    assert gap(at_once, one_by_one) < TOLERANCE
    weights = list(model.parameters())
    for a, b in zip(
        torch.autograd.grad(at_once, weights, dy),
        torch.autograd.grad(one_by_one, weights, dy),
        strict=True,
    ):
        assert gap(a, b) < TOLERANCE


def test_later_words_change_nothing_before_them() -> None:
    model = Transformer(K, D, HEADS, HIDDEN, LAYERS)
    source, target = torch.randint(K, (2, 7)), torch.randint(K, (2, 6))
    other = target.clone()
    other[:, 3:] = (target[:, 3:] + 1) % K
    y, z = model(source, target), model(source, other)
    assert gap(y[:, :3], z[:, :3]) < TOLERANCE
    assert (y[:, 3:] - z[:, 3:]).abs().amax(-1).min() > 1e-3


def test_padding_is_as_good_as_absent() -> None:
    model = Transformer(K, D, HEADS, HIDDEN, LAYERS, PreNorm)
    source, target = torch.randint(K, (1, 7)), torch.randint(K, (1, 6))
    readable = padding_mask(torch.tensor([4]), 7)
    y = model(source, target, readable)
    assert gap(y, model(source[:, :4], target)) < TOLERANCE


def test_greedy_is_the_loop_over_whole_passes() -> None:
    model = Transformer(K, D, HEADS, HIDDEN, LAYERS, PreNorm).eval()
    source = torch.randint(K, (4, 7))
    written = torch.ones(4, 1, dtype=torch.long)
    for _ in range(5):
        best = model(source, written)[:, -1].argmax(-1)
        written = torch.cat([written, best[:, None]], 1)
    assert torch.equal(greedy(model, source, 1, 5), written[:, 1:])
    shorter = greedy(model, source, 1, 3)
    assert torch.equal(shorter, written[:, 1:4])


def size(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize(("d", "heads", "f"), [(12, 3, 20), (64, 4, 256)])
def test_parameters_by_formula(d: int, heads: int, f: int) -> None:
    count = transformer_cost.layer_parameters
    for norm in NORMS.values():
        assert size(EncoderLayer(d, heads, f, norm)) == count(d, f)
        assert size(DecoderLayer(d, heads, f, norm)) == count(d, f, 2)
    whole = transformer_cost.transformer_parameters(K, d, f, 3)
    assert size(Transformer(K, d, heads, f, 3)) == whole
    pre = size(Transformer(K, d, heads, f, 3, PreNorm))
    assert pre == whole + 4 * d  # two norms at the ends
    assert count(d, 4 * d) == 12 * d * d + 13 * d


def test_base_model_of_the_paper() -> None:
    with torch.device("meta"):
        model = Transformer(37_000, 512, 8, 2048, 6)
    assert size(model) == 63_082_496
    formula = transformer_cost.transformer_parameters
    assert formula(37_000, 512, 2048, 6) == 63_082_496


def rows_that_fit(row: str) -> tuple[float, float]:
    """The sizes of E with which the printed number is a rounded one."""
    d, f, layers, printed = transformer_cost.TABLE_3[row]
    rest = transformer_cost.transformer_parameters(1, d, f, layers) - d
    low, high = ((printed + s) * 1e6 - rest for s in (-0.5, 0.5))
    return low / d, high / d


def test_eight_rows_of_table_3_agree_and_the_big_one_does_not() -> None:
    spans = {row: rows_that_fit(row) for row in transformer_cost.TABLE_3}
    big = spans.pop("big")
    low = max(span[0] for span in spans.values())
    high = min(span[1] for span in spans.values())
    assert 40_800 < low < high < 41_200  # one size fits all eight
    assert not any(a < 37_000 < b for a, b in spans.values())
    assert big[1] < low and not big[0] < 37_000 < big[1]


FLOPS = [(7, 5, 12, 3, 20), (16, 16, 32, 4, 128), (3, 40, 8, 2, 8)]


def test_flops_equal_the_counter(proof: Callable[..., None]) -> None:
    differing = 0
    for n, m, d, heads, f in FLOPS:
        x, memory = torch.zeros(1, n, d), torch.zeros(1, m, d)
        wanted = (
            (EncoderLayer, (x,), transformer_cost.encoder_flops(n, d, f)),
            (
                DecoderLayer,
                (x, memory),
                transformer_cost.decoder_flops(n, m, d, f),
            ),
        )
        for kind, inputs, expected in wanted:
            theirs = getattr(nn, f"Transformer{kind.__name__}")
            for layer in (
                kind(d, heads, f),
                theirs(d, heads, f, batch_first=True),
            ):
                with FlopCounterMode(display=False) as counter:
                    layer(*inputs)
                differing += counter.get_total_flops() != expected
    assert differing == 0
    proof(
        ours="encoder_flops",
        reference="torch.utils.flop_counter",
        case="also decoder; 12 layers, how many differ",
        forward=differing,
    )


@pytest.mark.parametrize("d", [16, 512])
def test_the_square_takes_over_at_six_d(d: int) -> None:
    n = transformer_cost.square_takes_over(d, 4 * d)
    assert n == 6 * d
    square = 4 * n * n * d
    assert 2 * square == transformer_cost.encoder_flops(n, d, 4 * d)


def test_gpt3_by_the_rule_of_twelve() -> None:
    d, layers = 12_288, 96
    assert abs(12 * layers * d * d / 175e9 - 1) < 0.01


COST_MUTANTS = {
    "no biases": ("4 * d * d + 4 * d", "4 * d * d"),
    "one bias in the FFN": ("2 * d * f + f + d", "2 * d * f + f"),
    "one norm": ("2 * d * (attentions + 1)", "2 * d * attentions"),
    "embeddings not shared": ("return k * d +", "return 2 * k * d +"),
}


@pytest.mark.parametrize("name", COST_MUTANTS)
def test_counts_notice_the_mutant(name: str) -> None:
    mutant = mutate(transformer_cost, *COST_MUTANTS[name])
    found = mutant.transformer_parameters(K, D, HIDDEN, 2)
    assert found != size(Transformer(K, D, HEADS, HIDDEN, 2))


WORDS = torch.zeros(2, 3, dtype=torch.long)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sinusoids(3, 5), "features is 5; not positive and even"),
        (lambda: rotation(1, 0), "features is 0; not positive and even"),
        (lambda: Transformer(0, 4, 1, 4, 1), "vocabulary is 0; not positive"),
        (lambda: Transformer(9, 4, 1, 4, 0), "layers is empty"),
        (
            lambda: Transformer(9, 4, 1, 4, 1)(WORDS, WORDS[0]),
            r"tokens are torch.int64 of shape \(3,\), not integers \(b, n\)",
        ),
        (
            lambda: Transformer(9, 4, 1, 4, 1)(WORDS.double(), WORDS),
            "tokens are torch.float64",
        ),
        (lambda: transformer_cost.encoder_flops(3, 4, 0), "f is 0; it must"),
        (
            lambda: transformer_cost.transformer_parameters(0, 4, 4, 1),
            "k is 0; it must",
        ),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_dropout_of_the_model_reaches_everything() -> None:
    model = Transformer(K, D, HEADS, HIDDEN, 1, partial(PreNorm), dropout=0.5)
    rates = [m.p for m in model.modules() if isinstance(m, nn.Dropout)]
    assert rates == [0.5] * 6  # embeddings, 2 + 3 sublayers
