"""Can the kernels be measured on this machine, and if not, what is missing?

``missing`` says so in one message and is tested; ``driver`` needs a card.
"""

import subprocess


def driver() -> str:
    """As nvidia-smi gives it; it comes with the driver."""
    query = ["--query-gpu=driver_version", "--format=csv,noheader", "--id=0"]
    found = subprocess.run(
        ["nvidia-smi", *query], capture_output=True, text=True, check=True
    )
    return found.stdout.strip()


def missing(
    platform: str, jax_version: str, torch_cuda: str | None, seen: bool
) -> str:
    """What keeps this machine from measuring, and the cure; or nothing."""
    lacks, cures = [], []
    if not torch_cuda:
        lacks.append("torch is built without CUDA")
        cures.append(
            "install torch from the default index: make clean, then make "
            "install without --extra-index-url"
        )
    elif not seen:
        lacks.append("torch sees no GPU")
        cures.append("see that nvidia-smi lists a card here")
    if platform != "gpu":
        lacks.append(f"JAX sees only a {platform}")
        major = (torch_cuda or "13").partition(".")[0]
        cures.append(
            f'.venv/bin/python -m pip install "jax[cuda{major}]=={jax_version}"'
        )
    if not lacks:
        return ""
    return (
        "bench-kernels needs an NVIDIA GPU that both torch and JAX can use, "
        f"but {' and '.join(lacks)}. Nothing was measured.\n"
        f"On a machine with such a card: {'; '.join(cures)}."
    )
