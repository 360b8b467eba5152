"""Load weights that are published under other names, strictly.

``names[ours] = theirs``, for every entry of our state. Raises ValueError that
names the first key which is missing or left over, or whose shape differs.
Keys that begin with one of ``unused`` may be left over; a count of batches,
which old files do not have, may be missing.
"""

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

COUNT = "num_batches_tracked"


# --8<-- [start:load]
def load_renamed(
    model: nn.Module,
    state: Mapping[str, Tensor],
    names: Mapping[str, str],
    unused: Sequence[str] = (),
) -> None:
    own, theirs = model.state_dict(), {}
    for key, value in own.items():
        name = names[key]
        if name not in state:
            if key.endswith(COUNT):
                continue
            raise ValueError(f"state has no {name!r}; the model needs it")
        if state[name].shape != value.shape:
            raise ValueError(
                f"{name!r} is {tuple(state[name].shape)}; must be "
                f"{tuple(value.shape)}"
            )
        theirs[key] = state[name]
    needed = set(names.values())
    for name in state:
        if name not in needed and not name.startswith(tuple(unused)):
            raise ValueError(
                f"state has {name!r}; the model has no such layer",
            )
    model.load_state_dict(own | theirs)


# --8<-- [end:load]
