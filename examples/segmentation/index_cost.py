"""What a model costs: parameters, FLOPs, time and memory of one image.

    FLOPs     2 for a multiply and its add, by torch.utils.flop_counter
    latency   the median of RUNS forward passes, one thread, one image, as
              processor time, so that other programs count little
    memory    the most bytes of tensors alive at once that operators made,
              in one forward pass and in one forward and backward pass

The last leaves out the weights and what kernels use inside themselves: it
is a property of the network, the same on every machine.
"""

import statistics
import time
import weakref
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from examples.segmentation.index_models import (
    canonical_model,
    module_name,
    name_of,
    small_model,
    small_rows,
)
from examples.segmentation.shapes import CLASSES

SMALL, CANONICAL = (1, 3, 64, 64), (1, 3, 512, 512)
WARM_UP, RUNS = 10, 60


def rows() -> list[str]:
    return small_rows()


def depends(row: str) -> list[str]:
    return [module_name(row)]


# --8<-- [start:flops]
@torch.no_grad()
def flops(model: nn.Module, x: Tensor) -> int:
    with FlopCounterMode(display=False) as counter:
        model.eval()(x)
    return counter.get_total_flops()


@torch.no_grad()
def latency(model: nn.Module, x: Tensor) -> float:
    model.eval()
    times = []
    for _ in range(WARM_UP + RUNS):
        start = time.process_time()
        model(x)
        times.append(time.process_time() - start)
    return statistics.median(times[WARM_UP:])


# --8<-- [end:flops]
# --8<-- [start:memory]
class LiveMemory(TorchDispatchMode):
    """Counts the storages that operators made, while they are alive."""

    def __init__(self) -> None:
        super().__init__()
        self.alive: dict[int, int] = {}
        self.peak = 0

    def __torch_dispatch__(
        self, func: Callable, types: object, args=(), kwargs=None
    ) -> object:
        given = {storage_of(t)._cdata for t in tensors((args, kwargs))}
        made = func(*args, **(kwargs or {}))
        for storage in map(storage_of, tensors(made)):
            key = storage._cdata
            if key not in given:  # neither a view nor changed in place
                self.alive[key] = storage.nbytes()
                weakref.finalize(storage, self.alive.pop, key, None)
        self.peak = max(self.peak, sum(self.alive.values()))
        return made


def tensors(values: object) -> list[Tensor]:
    return [t for t in tree_leaves(values) if isinstance(t, Tensor)]


def storage_of(tensor: Tensor) -> torch.UntypedStorage:
    return tensor.untyped_storage()


def peak_memory(model: nn.Module, x: Tensor, training: bool) -> int:
    model.train(training)
    with torch.set_grad_enabled(training), LiveMemory() as memory:
        outputs = model(x)
        if training:
            maps = [z for z in tensors(outputs) if z.requires_grad]
            sum(z.square().mean() for z in maps).backward()
    model.zero_grad()
    return memory.peak


# --8<-- [end:memory]
def measure(row: str) -> dict:
    model, x = small_model(row, len(CLASSES)), torch.randn(SMALL)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    found = {
        "model": name_of(row),
        "parameters": sum(p.numel() for p in model.parameters()),
        "mflops": flops(model, x) / 1e6,
        "milliseconds": 1000 * latency(model, x),
        "inference_kib": peak_memory(model, x, False) / 1024,
        "training_kib": peak_memory(model, torch.randn(2, *SMALL[1:]), True)
        / 2048,
    }
    torch.set_num_threads(threads)
    if published := canonical_model(row):
        counts = [p.numel() for p in published.parameters()]
        image = torch.empty(CANONICAL, device="meta")
        found["canonical_parameters"] = sum(counts)
        found["canonical_gflops"] = flops(published, image) / 1e9
    return found
