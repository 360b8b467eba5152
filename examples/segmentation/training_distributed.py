"""The same training in every process that torchrun starts.

    python -m examples.segmentation.training_distributed         one process
    torchrun --nproc-per-node 2 -m examples.segmentation…        two of them

torchrun tells each process who it is; NCCL joins those with a GPU each,
gloo those on the CPU. Everything else is ``train``. Statistics of batch
normalization are those of one process's part of the batch; on GPUs they are
joined as well.
"""

import os

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from examples.segmentation.fcn_8s_small import small
from examples.segmentation.shapes import CLASSES, shapes_dataset
from examples.segmentation.training import train


# --8<-- [start:join]
def join_processes() -> torch.device:
    """Meet the others, if there are any; the device of this process."""
    cuda = torch.cuda.is_available()
    backend = "nccl" if cuda else "gloo"
    if "RANK" in os.environ:  # set by torchrun, with where to meet
        dist.init_process_group(backend)
    else:
        dist.init_process_group(
            backend, store=dist.HashStore(), rank=0, world_size=1
        )
    if not cuda:
        return torch.device("cpu")
    torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)))
    return torch.device("cuda")


def distribute(model: nn.Module, device: torch.device) -> nn.Module:
    if device.type == "cuda":
        model = nn.SyncBatchNorm.convert_sync_batchnorm(model)
    return DistributedDataParallel(model.to(device))


# --8<-- [end:join]
# --8<-- [start:demo]
def main() -> None:
    device = join_processes()
    torch.manual_seed(0)  # the same start everywhere; DDP makes sure of it
    model = distribute(small(len(CLASSES)), device)
    scenes = shapes_dataset("train", 64, color_cue=0.75)
    batch = 16 // dist.get_world_size()
    losses = train(model, scenes, steps=24, batch=batch)
    fell = sum(losses[-4:]) < 0.75 * sum(losses[:4])
    if dist.get_rank() == 0:
        print(f"{len(losses)} steps of 16 scenes; loss fell: {fell}")
    dist.destroy_process_group()


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
