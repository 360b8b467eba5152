"""One loop: its loss by hand, its schedule, its resumption, two processes."""

import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import ChainedScheduler, LinearLR, PolynomialLR
from torch.utils.data import TensorDataset

from examples.segmentation import training
from examples.segmentation.index import IGNORE
from examples.segmentation.training import (
    batches,
    evaluate,
    objective,
    predict,
    segmentation_loss,
    train,
)
from tests.mutants import mutate
from tests.parity import TOLERANCE, gap

ROOT = Path(__file__).parents[3]
K = 4


def scenes(count: int = 16) -> TensorDataset:
    """Small random scenes; the first value of each is its number."""
    random = torch.Generator().manual_seed(5)
    x = torch.randn(count, 3, 8, 8, generator=random)
    x[:, 0, 0, 0] = torch.arange(count)
    y = torch.randint(K, (count, 8, 8), generator=random)
    return TensorDataset(x, y)


def plain_model(dropout: float = 0.0) -> nn.Sequential:
    torch.manual_seed(3)
    return nn.Sequential(
        *(nn.Conv2d(3, 6, 3, padding=1), nn.Tanh(), nn.Dropout(dropout)),
        nn.Conv2d(6, K, 1),
    )


def loss_by_hand(
    maps: list[Tensor], labels: Tensor, weights: list[float]
) -> Tensor:
    """-log of the softmax at the label, pixel by pixel."""
    total, count = torch.zeros(()), 0
    for b, i, j in torch.cartesian_prod(*map(torch.arange, labels.shape)):
        label = int(labels[b, i, j])
        if label == IGNORE:
            continue
        count += 1
        for w, z in zip(weights, maps, strict=True):
            powers = z[b, :, i, j].exp()
            total = total - w * (powers[label] / powers.sum()).log()
    return total / count


def loss_error(m: ModuleType) -> dict[str, float]:
    torch.manual_seed(0)
    worst = {"forward": 0.0, "gradient": 0.0}
    for weights in ([1.0], [1.0, 0.4], [1.0, 0.3, 0.7]):
        maps = [torch.randn(2, K, 3, 5) for _ in weights]
        labels = torch.randint(K, (2, 3, 5))
        labels[torch.rand(labels.shape) < 0.3] = IGNORE
        sides = []
        for theirs in (False, True):
            leaves = [z.clone().requires_grad_() for z in maps]
            if theirs:
                loss = loss_by_hand(leaves, labels, weights)
            else:
                given = leaves if weights[1:] else leaves[0]
                loss = m.segmentation_loss(given, labels, weights[1:])
            sides.append((loss, torch.autograd.grad(loss, leaves)))
        (a, da), (b, db) = sides
        worst["forward"] = max(worst["forward"], gap(a, b))
        found = [gap(p, q) for p, q in zip(da, db, strict=True)]
        worst["gradient"] = max(worst["gradient"], *found)
    return worst


@pytest.mark.usefixtures("float64")
def test_loss_equals_the_one_by_hand(proof: Callable[..., None]) -> None:
    worst = loss_error(training)
    assert max(worst.values()) < TOLERANCE
    proof(
        ours="segmentation_loss",
        reference="torch.Tensor.exp",
        case="0, 1, 2 auxiliary outputs, ignored pixels",
        **worst,
    )


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(1.0, *aux_weights)", "(1.0, *[1.0 for _ in aux_weights])"),
        ("(1.0, *aux_weights)", "(*aux_weights, 1.0)"),
        ("ignore_index=IGNORE", "ignore_index=0"),
        ("known.sum().clamp(min=1)", "known.numel()"),
        ('reduction="sum"', 'reduction="mean"'),
        ("w * F.cross_entropy", "F.cross_entropy"),
    ],
)
def test_hand_notices_the_mutant(old: str, new: str) -> None:
    try:
        worst = max(loss_error(mutate(training, old, new)).values())
    except (ValueError, IndexError, RuntimeError):
        worst = math.inf
    assert not worst < 1e-3


def test_a_batch_of_which_nothing_is_known_teaches_nothing() -> None:
    z = torch.randn(1, K, 2, 2, requires_grad=True)
    loss = segmentation_loss(z, torch.full((1, 2, 2), IGNORE))
    loss.backward()
    assert z.grad is not None and not z.grad.any()
    assert float(loss.detach()) == 0


def test_a_model_may_bring_its_own_loss() -> None:
    class Own(nn.Module):
        def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
            return outputs.sum() * 0 + labels.sum()

    labels = torch.ones(1, 2, 2, dtype=torch.int64)
    assert objective(Own(), torch.zeros(1), labels) == 4


def by_scheduler(steps: int, batch: int) -> nn.Module:
    """The same with torch's own schedule, and shuffles by its own sampler."""
    model, data = plain_model(), scenes()
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3, weight_decay=0.01)
    up = steps // 20
    schedule = ChainedScheduler(
        [
            LinearLR(optimizer, 1 / up, total_iters=up - 1),
            PolynomialLR(optimizer, steps, 0.9),
        ]
    )
    done, epoch = 0, 0
    while done < steps:
        order = torch.randperm(
            len(data), generator=torch.Generator().manual_seed(epoch)
        )
        for chosen in order.split(batch)[: steps - done]:
            x, y = data[chosen]
            loss = nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            done += 1
        epoch += 1
    return model


def training_error(m: ModuleType) -> float:
    model = plain_model()
    m.train(model, scenes(), steps=60, batch=4)
    theirs = by_scheduler(60, 4).parameters()
    pairs = zip(model.parameters(), theirs, strict=True)
    return max(gap(p, q) for p, q in pairs)


@pytest.mark.usefixtures("float64")
def test_loop_equals_the_one_with_a_scheduler(
    proof: Callable[..., None],
) -> None:
    error = training_error(training)
    assert error < TOLERANCE
    proof(
        ours="train",
        reference="torch.optim.lr_scheduler.PolynomialLR",
        case="parameters after 60 steps",
        forward=error,
    )


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("** 0.9", "** 1.0"),
        ("(1 - step / steps)", "(1 - (step + 1) / steps)"),
        ("20 * (step + 1)", "20 * step"),
        ("min(1, 20 * (step + 1) / steps) *", "1.0 *"),
        ("weight_decay=0.01", "weight_decay=0.02"),
        ("sampler.set_epoch(epoch)", "sampler.set_epoch(0)"),
        ("optimizer.zero_grad()", "optimizer.zero_grad"),
        ("AdamW", "Adam"),
    ],
)
def test_scheduler_notices_the_mutant(old: str, new: str) -> None:
    assert not training_error(mutate(training, old, new)) < 1e-6


def test_every_scene_comes_once_in_a_pass() -> None:
    numbers = [x[:, 0, 0, 0] for _, (x, _) in batches(scenes(), 4, 7, 0, 8)]
    first, second = (torch.cat(numbers[i : i + 4]) for i in (0, 4))
    for order in (first, second):
        assert sorted(order.tolist()) == list(range(16))
    assert not torch.equal(first, second)
    later = [x[:, 0, 0, 0] for _, (x, _) in batches(scenes(), 4, 7, 6, 8)]
    assert torch.equal(torch.cat(later), torch.cat(numbers[6:]))
    other = [x[:, 0, 0, 0] for _, (x, _) in batches(scenes(), 4, 8, 0, 4)]
    assert not torch.equal(torch.cat(other), first)


def test_a_resumed_run_equals_the_uninterrupted_one(tmp_path: Path) -> None:
    whole = plain_model(dropout=0.5)
    expected = train(whole, scenes(), 10, 4)
    path, stopped = tmp_path / "run.pt", plain_model(dropout=0.5)

    class Stop(Exception):
        pass

    calls = 0

    def count(module: nn.Module, given: object, made: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 8:  # two steps after the last checkpoint
            raise Stop

    stopped.register_forward_hook(count)
    with pytest.raises(Stop):
        train(stopped, scenes(), 10, 4, checkpoint=path, every=3)
    resumed = nn.Sequential(*plain_model(dropout=0.5))
    for p in resumed.parameters():
        p.data.zero_()  # all must come from the file
    losses = train(resumed, scenes(), 10, 4, checkpoint=path, every=3)
    assert losses == expected
    for p, q in zip(resumed.parameters(), whole.parameters(), strict=True):
        assert torch.equal(p, q)
    assert not list(tmp_path.glob("*.part"))


def test_predictions_are_made_in_evaluation_mode() -> None:
    x, y = scenes().tensors
    model = plain_model(dropout=0.9).train()
    z = predict(model, x, batch=3)
    assert model.training
    assert torch.equal(z, model.eval()(x).argmax(1))
    assert int(evaluate(model, x, y, K).sum()) == y.numel()


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("processes")
    script = Path(__file__).with_name("training_two_processes.py")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
            *("--nproc-per-node", "2", str(script), str(out)),
        ],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return out


@pytest.mark.usefixtures("float64")
def test_two_processes_have_the_gradient_of_one(
    two_processes: Path, proof: Callable[..., None]
) -> None:
    model, expected = plain_model(), []
    for _, (x, y) in batches(scenes(), 8, 0, 0, 2):
        model.zero_grad()
        objective(model, model(x), y).backward()
        grads = [p.grad for p in model.parameters()]
        expected += [g.clone() for g in grads if g is not None]
    (mine, _, _), (other, _, _) = (
        torch.load(two_processes / f"{rank}.pt") for rank in (0, 1)
    )
    error = max(gap(a, b) for a, b in zip(mine, expected, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(mine, other, strict=True))
    assert error < TOLERANCE
    proof(
        ours="train",
        reference="torch.Tensor.backward",
        case="2 processes × 4 scenes, 1 × 8",
        gradient=error,
    )


@pytest.mark.usefixtures("float64")
def test_two_processes_reach_what_one_reaches(two_processes: Path) -> None:
    model = plain_model()
    expected = train(model, scenes(), 12, 8)
    (_, seen, a), (_, more, b) = (
        torch.load(two_processes / f"{rank}.pt") for rank in (0, 1)
    )
    assert sorted(seen[:8] + more[:8]) == list(range(16))  # no scene twice
    both = torch.tensor([a, b]).mean(0)
    torch.testing.assert_close(both, torch.tensor(expected), rtol=0, atol=1e-9)
    state = torch.load(two_processes / "run.pt", weights_only=True)
    for name, p in model.state_dict().items():
        assert gap(p, state["model"][name]) < 1e-9


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (
            lambda: segmentation_loss(
                torch.zeros(1, K, 1, 1), torch.full((1, 1, 1), K)
            ),
            "labels has 4; must be 0 … 3 or 255",
        ),
        (
            lambda: segmentation_loss(
                [torch.zeros(1, K, 1, 1)] * 2, torch.zeros(1, 1, 1).long()
            ),
            "outputs are 2 and aux_weights 0",
        ),
        (lambda: train(plain_model(), scenes(3), 5, 4), "data has 3 scenes"),
        (lambda: train(plain_model(), scenes(), 0), "steps is 0"),
    ],
)
def test_bad_input_is_named(run: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run()
