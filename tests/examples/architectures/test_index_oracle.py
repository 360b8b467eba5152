"""The cited figures against the records of torchvision itself."""

from collections.abc import Callable

import pytest
from torchvision import models

from examples.architectures.index_cited import CITED, cited

ENTRIES = {
    "VGG-16": models.VGG16_Weights.IMAGENET1K_V1,
    "GoogLeNet": models.GoogLeNet_Weights.IMAGENET1K_V1,
    "Inception v3": models.Inception_V3_Weights.IMAGENET1K_V1,
    "ResNet-18": models.ResNet18_Weights.IMAGENET1K_V1,
    "ResNet-50": models.ResNet50_Weights.IMAGENET1K_V1,
    "ResNet-50, V2": models.ResNet50_Weights.IMAGENET1K_V2,
    "ResNet-101": models.ResNet101_Weights.IMAGENET1K_V1,
    "ResNet-101, V2": models.ResNet101_Weights.IMAGENET1K_V2,
}


def test_every_cited_figure_is_in_the_records(
    proof: Callable[..., None],
) -> None:
    assert CITED.keys() == ENTRIES.keys()
    for name, entry in ENTRIES.items():
        figures = cited()[name]
        metrics = entry.meta["_metrics"]["ImageNet-1K"]
        assert figures.top1 == pytest.approx(metrics["acc@1"], abs=1e-9)
        assert figures.parameters == entry.meta["num_params"]
        assert figures.gmacs == pytest.approx(entry.meta["_ops"], abs=1e-9)
        kind, _, version = figures.weights.partition(" ")
        assert str(entry) == f"{kind}_Weights.IMAGENET1K_{version}"
    proof(
        ours="CITED",
        reference="torchvision.models",
        case=f"{3 * len(CITED)} figures of {len(CITED)} weights",
        difference=0,
    )
