"""torchvision's GoogLeNet, and its checkpoints under our names.

    ours                                theirs
    blocks.3a.branches.2.1.0.weight     inception3a.branch3.1.conv.weight
    blocks.6b.branches.1.1.1.bias       Mixed_6b.branch7x7_2.bn.bias
    heads.4d.classifier.0.weight        aux2.fc1.weight

Images go in as (x - 0.5) / 0.5 for x from 0 to 1, unlike those of the
other models of torchvision. Raises ValueError naming the first key that is
missing or left over; keys of heads may be left over.
"""

from collections.abc import Mapping

from torch import Tensor, nn

from examples.architectures.inception import GoogLeNet
from examples.architectures.inception_v3 import InceptionV3


# --8<-- [start:variant]
class TorchvisionGoogLeNet(GoogLeNet):
    """BN; 3 × 3 for 5 × 5; a smaller pool before 5a; pools that adapt."""

    large, norm = 3, True

    def __init__(
        self, classes: int = 1000, width: int = 64, heads: bool = True
    ) -> None:
        super().__init__(classes, width, heads)
        self.pools["5a"] = nn.MaxPool2d(2, stride=2, ceil_mode=True)
        for head in self.heads.values():
            head.pool = nn.AdaptiveAvgPool2d(4)
        self.classifier[2] = nn.Dropout(0.2)


# --8<-- [end:variant]
GOOGLENET = {
    "stem.0": "conv1",
    "stem.2": "conv2",
    "stem.3": "conv3",
    "heads.4a.reduce": "aux1.conv",
    "heads.4a.classifier.0": "aux1.fc1",
    "heads.4a.classifier.3": "aux1.fc2",
    "heads.4d.reduce": "aux2.conv",
    "heads.4d.classifier.0": "aux2.fc1",
    "heads.4d.classifier.3": "aux2.fc2",
    "classifier.3": "fc",
}
INCEPTION_V3 = {
    "stem.0": "Conv2d_1a_3x3",
    "stem.1": "Conv2d_2a_3x3",
    "stem.2": "Conv2d_2b_3x3",
    "stem.4": "Conv2d_3b_1x1",
    "stem.5": "Conv2d_4a_3x3",
    "heads.6e.reduce.0": "AuxLogits.conv0",
    "heads.6e.whole": "AuxLogits.conv1",
    "heads.6e.classifier": "AuxLogits.fc",
    "classifier.3": "fc",
}
BRANCHES = {
    "5": ("branch1x1", "branch5x5", "branch3x3dbl", "branch_pool"),
    "6a": ("branch3x3", "branch3x3dbl"),
    "6": ("branch1x1", "branch7x7", "branch7x7dbl", "branch_pool"),
    "7a": ("branch3x3", "branch7x7x3"),
    "7": ("branch1x1", "branch3x3", "branch3x3dbl", "branch_pool"),
}


def prefixes_v1(model: GoogLeNet) -> dict[str, str]:
    theirs = dict(GOOGLENET)
    for name, block in model.blocks.items():
        for i in range(len(block.branches)):
            theirs[f"blocks.{name}.branches.{i}"] = (
                f"inception{name}.branch{i + 1}"
            )
    return theirs


def prefixes_v3(model: InceptionV3) -> dict[str, str]:
    theirs = dict(INCEPTION_V3)
    for name, block in model.blocks.items():
        kind = name if name in BRANCHES else name[0]
        insides = block.branches.children()
        for i, (branch, inside) in enumerate(
            zip(BRANCHES[kind], insides, strict=False)
        ):
            modules = inside.named_modules()
            paths = [p for p, layer in modules if is_unit(layer)]
            numbers = [f"_{n}" for n in range(1, len(paths) + 1)]
            if kind == "7" and len(paths) > 1:  # 1 × 3 beside 3 × 1
                numbers[-2:] = f"{numbers[-2]}a", f"{numbers[-2]}b"
            if len(paths) == 1:
                numbers = [""]
            for path, number in zip(paths, numbers, strict=True):
                ours = f"blocks.{name}.branches.{i}.{path}"
                theirs[ours] = f"Mixed_{name}.{branch}{number}"
    return theirs


def is_unit(layer: nn.Module) -> bool:
    first = next(layer.children(), None)
    return isinstance(layer, nn.Sequential) and isinstance(first, nn.Conv2d)


# --8<-- [start:load]
Inception = TorchvisionGoogLeNet | InceptionV3


def torchvision_names(model: Inception) -> dict[str, str]:
    """Every key of ours, and theirs."""
    v3 = isinstance(model, InceptionV3)
    prefixes = prefixes_v3(model) if v3 else prefixes_v1(model)
    names = {}
    for key in model.state_dict():
        fits = (p for p in prefixes if key.startswith(f"{p}."))
        ours = max(fits, key=len)
        *path, last = key.removeprefix(f"{ours}.").split(".")
        if path:  # inside a unit: 0 is the convolution, 1 the BN
            path[-1] = ("conv", "bn")[int(path[-1])]
        names[key] = ".".join([prefixes[ours], *path, last])
    return names


def from_torchvision(model: Inception, state: Mapping[str, Tensor]) -> None:
    names = torchvision_names(model)
    needed = set(names.values())
    for key in sorted(needed - state.keys()):
        raise ValueError(f"state has no {key!r}; the model needs it")
    heads = () if len(model.heads) else ("aux1.", "aux2.", "AuxLogits.")
    for key in sorted(state.keys() - needed):
        if not key.startswith(heads):
            raise ValueError(f"state has {key!r}; the model must have it")
    model.load_state_dict({ours: state[key] for ours, key in names.items()})


# --8<-- [end:load]
