"""One training loop for every model: a CPU, two processes, or GPUs.

    loss = CE(main, y) + sum_i w_i CE(aux_i, y)
    AdamW, lr at step t of T:  lr min(1, 20 (t + 1) / T) (1 - t / T)^0.9

A model returns logits (b, k, h, w) of its input's size. In training mode it
may return [main, aux_1, …], all of that size; ``model.aux_weights`` are the
w_i. A model whose objective is another one defines ``loss(outputs, y)``.
A step's batch and its dropout depend on the seed, the step and the process
alone, so that a run goes on from a checkpoint exactly as if it had not been
stopped. Under torchrun, DistributedDataParallel around the model is all that
is added: where each process knows as many pixels, the gradient is then that
of one batch of all processes together.

Shapes: x (b, 3, h, w), y (b, h, w) int64, IGNORE where nothing is known.
Raises ValueError for labels outside the classes, outputs and weights that
do not fit, fewer scenes than a batch needs and steps below 1.
"""

import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, DistributedSampler

from examples.segmentation.index import (
    IGNORE,
    check_classes,
    confusion_matrix,
)

Outputs = Tensor | Sequence[Tensor]


# --8<-- [start:loss]
def segmentation_loss(
    outputs: Outputs, labels: Tensor, aux_weights: Sequence[float] = ()
) -> Tensor:
    maps = [outputs] if isinstance(outputs, Tensor) else outputs
    weights = (1.0, *aux_weights)
    if len(maps) != len(weights):
        raise ValueError(
            f"outputs are {len(maps)} and aux_weights {len(weights) - 1}; "
            "must be one weight for each output after the first"
        )
    known = labels != IGNORE
    check_classes(labels[known], maps[0].shape[1], "labels")
    count = known.sum().clamp(min=1)  # a batch of nothing known gives 0
    pairs = zip(weights, maps, strict=True)
    losses = (
        w * F.cross_entropy(z, labels, ignore_index=IGNORE, reduction="sum")
        for w, z in pairs
    )
    return sum(losses, torch.zeros_like(maps[0][0, 0, 0, 0])) / count


def objective(model: nn.Module, outputs: Outputs, labels: Tensor) -> Tensor:
    model = getattr(model, "module", model)  # the one inside of DDP
    if hasattr(model, "loss"):
        return model.loss(outputs, labels)
    weights = getattr(model, "aux_weights", ())
    return segmentation_loss(outputs, labels, weights)


# --8<-- [end:loss]
# --8<-- [start:batches]
def place() -> tuple[int, int]:
    """The number of this process, and how many there are."""
    if dist.is_available() and dist.is_initialized():
        return dist.get_rank(), dist.get_world_size()
    return 0, 1


def batches(
    data: Dataset, batch: int, seed: int, start: int, steps: int
) -> Iterator[tuple[int, tuple[Tensor, Tensor]]]:
    """This process's part of the batches of steps start … steps - 1."""
    rank, processes = place()
    if steps < 1 or len(data) < batch * processes:
        raise ValueError(
            f"steps is {steps} and data has {len(data)} scenes; must be at "
            f"least 1 and {batch} for each of {processes} processes"
        )
    sampler = DistributedSampler(data, processes, rank, True, seed, True)
    loader = DataLoader(data, batch, sampler=sampler, drop_last=True)
    while start < steps:
        epoch, done = divmod(start, len(loader))
        sampler.set_epoch(epoch)  # another order in each pass
        for pair in islice(loader, done, done + steps - start):
            yield start, pair
            start += 1


# --8<-- [end:batches]
# --8<-- [start:checkpoint]
def save(
    path: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    losses: list[float],
) -> None:
    state = {
        "model": getattr(model, "module", model).state_dict(),
        "optimizer": optimizer.state_dict(),
        "losses": losses,
    }
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)  # stopped while writing, the old one is still there


def restore(
    path: Path | None, model: nn.Module, optimizer: torch.optim.Optimizer
) -> list[float]:
    """The losses so far; their number is the step to go on with."""
    if path is None or not path.exists():
        return []
    device = next(model.parameters()).device
    state = torch.load(path, map_location=device, weights_only=True)
    getattr(model, "module", model).load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return state["losses"]


# --8<-- [end:checkpoint]
# --8<-- [start:train]
def schedule(step: int, steps: int) -> float:
    """Up over the first twentieth of the steps, then down to 0."""
    return min(1, 20 * (step + 1) / steps) * (1 - step / steps) ** 0.9


def train(
    model: nn.Module,
    data: Dataset,
    steps: int,
    batch: int = 16,
    lr: float = 3e-3,
    seed: int = 0,
    checkpoint: Path | None = None,
    every: int = 100,
) -> list[float]:
    """The loss of every step, as this process saw it."""
    parameter, (rank, processes) = next(model.parameters()), place()
    optimizer = torch.optim.AdamW(model.parameters(), lr, weight_decay=0.01)
    losses = restore(checkpoint, model, optimizer)
    model.train()
    for step, (x, y) in batches(data, batch, seed, len(losses), steps):
        torch.manual_seed((seed * steps + step) * processes + rank)
        for group in optimizer.param_groups:
            group["lr"] = lr * schedule(step, steps)
        outputs = model(x.to(parameter))  # its device and its precision
        loss = objective(model, outputs, y.to(parameter.device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
        if rank == 0 and sys.stderr.isatty():
            told = f"\rstep {step + 1}/{steps}  loss {losses[-1]:.3f}"
            print(told, end="", file=sys.stderr, flush=True)
        if rank == 0 and checkpoint and (step + 1) % every == 0:
            save(checkpoint, model, optimizer, losses)
    return losses


# --8<-- [end:train]
# --8<-- [start:evaluate]
@torch.no_grad()
def predict(model: nn.Module, x: Tensor, batch: int = 32) -> Tensor:
    """The most likely class of every pixel: (n, h, w)."""
    training, parameter = model.training, next(model.parameters())
    model.eval()
    parts = [model(part.to(parameter)).argmax(1) for part in x.split(batch)]
    model.train(training)
    return torch.cat(parts).cpu()


def evaluate(
    model: nn.Module, x: Tensor, y: Tensor, classes: int
) -> Tensor:  # (k, k)
    """The confusion over all scenes together, not a mean over scenes."""
    return confusion_matrix(y, predict(model, x), classes)


# --8<-- [end:evaluate]
