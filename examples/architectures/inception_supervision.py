"""With and without auxiliary heads: ten pairs of runs of each kind.

Nine blocks in stages of 2, 5 and 2, as in GoogLeNet, on digits, with heads
after the same two, "4a" and "4d", or after the second alone. Both runs of a
pair share their starting weights and the order of the data. A stored
experiment: the classifier's own loss in the first three and in the last of
ten epochs, the share of test digits right, means over the seeds, and in how
many of the pairs the heads came out ahead.
"""

import torch

from examples.architectures.inception_small import (
    SmallInception,
    small_accuracy,
    train_small,
)
from examples.architectures.vgg import he_initialize

# --8<-- [start:kinds]
SEEDS, EPOCHS = range(10), 10
DEEP, SLIM = (2, 5, 2), (8, 8, 12, 4, 6, 6)
KINDS = {  # BN, He's start, heads after these blocks, in words
    "bn_both": (True, False, (2, 5), "BN, two heads"),
    "bn_one": (True, False, (5,), "BN, head at 4d"),
    "he_both": (False, True, (2, 5), "He, two heads"),
    "default_both": (False, False, (2, 5), "PyTorch, two heads"),
}


def supervised(kind: str, seed: int, with_heads: bool) -> SmallInception:
    norm, he, heads, _ = KINDS[kind]
    torch.manual_seed(seed)
    model = SmallInception(DEEP, SLIM, heads if with_heads else (), norm)
    if he:
        torch.manual_seed(seed)  # heads have drawn from the first one
        he_initialize(model)
    return model


# --8<-- [end:kinds]
def rows() -> list[str]:
    return list(KINDS)


def measure(row: str) -> dict:
    found = torch.zeros(len(SEEDS), 2, 3)
    for i, seed in enumerate(SEEDS):
        for j, with_heads in enumerate((False, True)):
            model = supervised(row, seed, with_heads)
            losses = torch.tensor(train_small(model, seed, EPOCHS))
            early, late = losses[:48].mean(), losses[-16:].mean()
            right = small_accuracy(model)
            found[i, j] = torch.tensor([early, late, right])
    without, with_both = found.mean(0).tolist()
    ahead = found[:, 1, 2] > found[:, 0, 2]
    return {
        "kind": KINDS[row][-1],
        "early_without": without[0],
        "early": with_both[0],
        "late_without": without[1],
        "late": with_both[1],
        "right_without": without[2],
        "right": with_both[2],
        "ahead": int(ahead.sum()),
    }
