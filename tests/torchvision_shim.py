"""Lets torchvision be imported beside a torch that it was not built for.

PyPI's torchvision is a CUDA build whose library does not load beside a CPU
build of torch; its import then stops at operators that nobody declared. The
models need none of them, so their signatures are declared here, and only
where a plain import has failed.
"""

import os
import subprocess
import sys

import torch

TOLD = "ZHIXING_TORCHVISION_LOADS"
BOXES = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def loads() -> bool:
    """Whether a plain import works, tried once for all worker processes."""
    if TOLD not in os.environ:
        done = subprocess.run(
            [sys.executable, "-c", "import torchvision"],
            capture_output=True,
            check=False,
        )
        os.environ[TOLD] = str(done.returncode == 0)
    return os.environ[TOLD] == "True"


def declare() -> list[torch.library.Library]:
    """What was declared; it lasts as long as this list is kept."""
    if loads():
        return []
    library = torch.library.Library("torchvision", "FRAGMENT")
    for operator in ("nms", "qnms"):
        library.define(operator + BOXES)
    return [library]
