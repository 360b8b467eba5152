"""What each of two processes does for ``test_training.py``, under torchrun."""

import sys
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn

from examples.segmentation.training import batches, objective, place, train
from examples.segmentation.training_distributed import (
    distribute,
    join_processes,
)
from tests.examples.segmentation.test_training import plain_model, scenes


def gradients(model: nn.Module, batch: int) -> list[torch.Tensor]:
    """Those of the first step; two of them, to see that they differ."""
    found = []
    for _, (x, y) in batches(scenes(), batch, 0, 0, 2):
        model.zero_grad()
        objective(model, model(x), y).backward()
        grads = [p.grad for p in model.parameters()]
        found += [g.clone() for g in grads if g is not None]
    return found


def main() -> None:
    out = Path(sys.argv[1])
    device = join_processes()
    torch.set_default_dtype(torch.float64)
    model = distribute(plain_model(), device)
    mine = gradients(model, 4)
    seen = [
        int(i)
        for _, (x, _) in batches(scenes(), 4, 0, 0, 4)
        for i in x[:, 0, 0, 0]
    ]
    losses = train(model, scenes(), 12, 4, checkpoint=out / "run.pt", every=12)
    rank, _ = place()
    torch.save((mine, seen, losses), out / f"{rank}.pt")
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
