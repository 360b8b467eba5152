"""What optimizers do to rare rows, and how large a tied table may start."""

import math
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from examples.modules import embedding_tying
from examples.modules.embedding import Embedding, SparseEmbedding
from examples.modules.embedding_sparse import (
    DECAY,
    LR,
    PERIODS,
    after_one,
    optimizer,
    per_lookup,
    predicted,
    run,
)
from examples.modules.embedding_tying import (
    FEATURES,
    ROOT,
    STARTS,
    WORDS,
    NextWord,
    train,
)
from tests.mutants import mutate
from tests.parity import TOLERANCE, gap


def lazy_adam(periods: tuple[int, ...], steps: int) -> list[float]:
    """Travel of rows whose averages move only when they are looked up,
    while the corrections of their start count all steps of the table."""
    travel = []
    for period in periods:
        m = v = moved = 0.0
        for step in range(steps):
            if step % period == 0:
                m, v = 0.9 * m + 0.1, 0.999 * v + 0.001
                mean = m / (1 - 0.9 ** (step + 1))
                square = v / (1 - 0.999 ** (step + 1))
                moved += LR * mean / (math.sqrt(square) + 1e-8)
        travel.append(moved)
    return travel


def test_sparse_adam_corrects_by_steps_of_the_table() -> None:
    history = run("SparseAdam", 300)
    travel = (history[0] - history[-1])[:-1].mean(1)
    expected = torch.tensor(lazy_adam(PERIODS, 300), dtype=torch.float64)
    # its eps is added before the correction, so not to the last digit
    torch.testing.assert_close(travel, expected, rtol=1e-5, atol=0)


def test_dense_adam_moves_rare_rows_by_the_root_of_their_period() -> None:
    for measured, period in zip(per_lookup("Adam"), PERIODS, strict=True):
        assert measured == pytest.approx(predicted(period), rel=0.01)
        assert measured == pytest.approx(math.sqrt(period), rel=0.07)
    assert predicted(10**6) == pytest.approx(math.sqrt(1000))


def test_sparse_adam_moves_them_less() -> None:
    dense, sparse = per_lookup("Adam"), per_lookup("SparseAdam")
    assert sparse[0] == pytest.approx(dense[0], rel=1e-6)
    for few, many in zip(sparse[1:], dense[1:], strict=True):
        assert 1 < few < 0.8 * many


def test_travel_after_a_single_lookup() -> None:
    assert after_one("SGD") == pytest.approx(1)
    assert after_one("SGD, momentum") == pytest.approx(10)
    assert after_one("SparseAdam") == pytest.approx(1, abs=1e-5)
    m, v, total = 0.1, 0.001, 0.0
    for t in range(1, 301):
        total += (m / (1 - 0.9**t)) / math.sqrt(v / (1 - 0.999**t))
        m, v = 0.9 * m, 0.999 * v
    assert after_one("Adam") == pytest.approx(total, rel=1e-6)
    assert 5.9 < total < 6.1


@pytest.mark.parametrize("name", ["SGD", "Adam", "SparseAdam"])
def test_without_decay_a_row_never_seen_stays(name: str) -> None:
    history = run(name, 50)
    assert torch.equal(history[0, -1], history[-1, -1])


@pytest.mark.parametrize("name", ["SGD, weight decay", "AdamW"])
def test_decoupled_decay_shrinks_it_by_one_factor(name: str) -> None:
    history = run(name, 200)
    factor = (1 - LR * DECAY) ** 200
    assert gap(history[-1, -1], factor * history[0, -1]) < TOLERANCE


def test_decay_through_adam_walks_to_zero_whatever_its_strength() -> None:
    """Adam divides the decay by its own size: lr a step at the start."""
    history = run("Adam, weight decay", 50)
    start, end = history[0, -1], history[-1, -1]
    large = start.abs() > 2 * 50 * LR
    assert large.any()
    walked = (start - end).abs()[large] / (50 * LR)
    assert walked.min() > 0.8 and walked.max() < 1.01
    length = run("Adam, weight decay", 600)[:, -1].norm(dim=1)
    assert length[200] < 0.3 * length[0] and length[600] < 0.02 * length[0]


def test_its_strength_hardly_matters() -> None:
    walked = []
    for decay in (1e-2, 1e-4):
        torch.manual_seed(0)
        table = Embedding(2, 8).double()
        start = table.weight.detach().clone()
        descend = torch.optim.Adam(table.parameters(), LR, weight_decay=decay)
        for _ in range(50):
            descend.zero_grad()
            table(torch.tensor([0])).sum().backward()
            descend.step()
        walked.append((start - table.weight)[1])
    torch.testing.assert_close(*walked, rtol=1e-3, atol=0)


@pytest.mark.parametrize(
    ("kind", "options", "takes"),
    [
        (torch.optim.SGD, {}, True),
        (torch.optim.SGD, {"momentum": 0.9}, True),
        (torch.optim.SGD, {"weight_decay": 0.1}, False),
        (torch.optim.Adagrad, {}, True),
        (torch.optim.Adagrad, {"weight_decay": 0.1}, False),
        (torch.optim.SparseAdam, {}, True),
        (torch.optim.Adam, {}, False),
        (torch.optim.AdamW, {}, False),
        (torch.optim.RMSprop, {}, False),
    ],
)
@pytest.mark.filterwarnings("ignore:Sparse invariant checks")
def test_who_takes_a_sparse_gradient(
    kind: type, options: dict[str, float], takes: bool
) -> None:
    table = SparseEmbedding(5, 2)
    descend = kind(list(table.parameters()), lr=0.1, **options)
    table(torch.tensor([1, 1])).sum().backward()
    if takes:
        descend.step()
        return
    with pytest.raises(RuntimeError, match="sparse"):
        descend.step()


@pytest.mark.parametrize("steps", [1, 20])
def test_sgd_does_not_care_whether_the_gradient_is_sparse(steps: int) -> None:
    torch.manual_seed(0)
    start, tables = torch.randn(30, 4, dtype=torch.float64), []
    for kind in (Embedding, SparseEmbedding):
        torch.manual_seed(1)
        table = kind(30, 4).double()
        table.weight.data = start.clone()
        descend = torch.optim.SGD(table.parameters(), lr=0.1)
        for _ in range(steps):
            descend.zero_grad()
            table(torch.randint(30, (8,))).square().sum().backward()
            descend.step()
        tables.append(table.weight)
    assert gap(*tables) < TOLERANCE


def test_bad_names_are_named() -> None:
    with pytest.raises(ValueError, match="name is 'Lion'"):
        optimizer("Lion", [nn.Parameter(torch.ones(1))])
    with pytest.raises(ValueError, match=r"ids are \(2, 3\), not \(b, 4\)"):
        network(False)(torch.zeros(2, 3, dtype=torch.int64))


def network(tied: bool, m: ModuleType = embedding_tying) -> NextWord:
    torch.manual_seed(0)
    return m.NextWord(tied, 1 / ROOT, ROOT)


def by_functions(model: NextWord, ids: Tensor) -> Tensor:
    """The network once more, from its parameters."""
    p = dict(model.named_parameters())
    x = ROOT * p["table.weight"].index_select(0, ids.flatten())
    x = x.view(*ids.shape, FEATURES)
    mixed = F.linear(x.flatten(1), p["mix.weight"], p["mix.bias"])
    h = F.layer_norm(
        x[:, -1] + mixed.tanh(),
        (FEATURES,),
        p["norm.weight"],
        p["norm.bias"],
    )
    return h @ p.get("output.weight", p["table.weight"]).T


def network_gap(tied: bool, m: ModuleType = embedding_tying) -> float:
    model = network(tied, m)
    for p in model.parameters():
        p.data += 0.1 * torch.randn_like(p)
    ids = torch.randint(WORDS, (5, 4))
    y, z = model(ids), by_functions(model, ids)
    dy = torch.randn(y.shape)
    ours = torch.autograd.grad(y, list(model.parameters()), dy)
    theirs = torch.autograd.grad(z, list(model.parameters()), dy)
    gaps = [gap(a, b) for a, b in zip(ours, theirs, strict=True)]
    return max(gap(y, z), *gaps)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("tied", [True, False])
def test_network_is_what_its_docstring_says(tied: bool) -> None:
    assert network_gap(tied) < 1e-11  # logits of order ten


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("self.scale * self.table(ids)", "self.table(ids)"),
        ("x[:, -1] + torch.tanh", "x[:, 0] + torch.tanh"),
        ("x[:, -1] + torch.tanh", "torch.tanh"),
        ("self.norm(h)", "self.norm(h) + h"),
    ],
)
def test_functions_notice_the_mutant(old: str, new: str) -> None:
    assert network_gap(True, mutate(embedding_tying, old, new)) > 1e-3


def test_tying_saves_one_table() -> None:
    sizes = [
        sum(p.numel() for p in network(tied).parameters())
        for tied in (False, True)
    ]
    assert sizes[0] - sizes[1] == WORDS * FEATURES


@pytest.mark.parametrize("std", [0.02, 1 / ROOT])
def test_first_loss_by_formula(std: float) -> None:
    torch.manual_seed(0)
    table = std * torch.randn(1000, FEATURES)
    h = F.layer_norm(torch.randn(4096, FEATURES), (FEATURES,))
    logits = h @ table.T
    assert float(logits.var()) == pytest.approx(FEATURES * std**2, rel=0.05)
    loss = F.cross_entropy(logits, torch.randint(1000, (4096,)))
    formula = math.log(1000) + FEATURES * std**2 / 2
    assert float(loss) == pytest.approx(formula, abs=0.1)


def test_a_state_that_is_its_own_row_repeats_the_input() -> None:
    """h = LayerNorm(W[i]): its logit is about σ d, those of others σ √d."""
    torch.manual_seed(0)
    for std in (1.0, 1 / ROOT):
        table = std * torch.randn(1000, FEATURES)
        logits = F.layer_norm(table, (FEATURES,)) @ table.T
        own = float(logits.diagonal().mean())
        assert own == pytest.approx(std * FEATURES, rel=0.05)
        assert float(logits.std()) < 1.2 * std * ROOT
        assert torch.equal(logits.argmax(1), torch.arange(1000))


def test_sinusoids_drown_rows_of_a_tied_start() -> None:
    """d = 512: sixteen times as large without the factor √d, equal with."""
    d = 512
    angles = torch.rand(100, d // 2) * 100
    positions = torch.cat([angles.sin(), angles.cos()], 1)
    size = float(positions.square().mean().sqrt())
    assert size * math.sqrt(d) == pytest.approx(16, rel=0.01)


def test_a_tied_table_of_ones_needs_long_to_recover() -> None:
    last = {}
    for name in STARTS:
        repeats, losses = train(name, 200, seed=5)
        last[name] = sum(losses[-30:]) / 30
        assert (repeats > 0.99) == STARTS[name][0]
        assert repeats > 0.99 or repeats < 0.05
        high = name == "tied, σ = 1"
        assert (losses[0] > 40) == high and (losses[0] < 9) != high
    two, ones, small, scaled = last.values()
    assert ones > 15
    assert abs(two - small) < 0.25
    assert 0.1 < scaled - small < 0.5
