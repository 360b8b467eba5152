"""The riddle's networks change one thing each, and what the page tells."""

import pytest
import torch
from torch import nn

from examples.segmentation.index_stored import stored_values
from examples.segmentation.shapes import CLASSES
from examples.segmentation.training import objective
from examples.segmentation.unet_riddle import (
    K,
    small_unet,
    start_as_torch,
    variants,
    without_top_skip,
)


@pytest.mark.parametrize("row", variants())
def test_variants_keep_the_contract(row: str) -> None:
    torch.manual_seed(0)
    model = variants()[row][1]()
    x, y = torch.randn(2, 3, 32, 32), torch.randint(K, (2, 32, 32))
    assert model.eval()(x).shape == (2, K, 32, 32)
    loss = objective(model.train(), model(x), y)
    loss.backward()
    assert loss.isfinite()


def test_as_many_classes_as_the_scenes_have() -> None:
    assert len(CLASSES) == K


def test_without_the_top_skip_its_weights_do_not_matter() -> None:
    torch.manual_seed(0)
    model, x = without_top_skip(small_unet()).eval(), torch.randn(1, 3, 32, 32)
    first = model.up[-1].get_submodule("0")
    assert isinstance(first, nn.Conv2d)
    before = model(x)
    first.weight.data[:, :8] += 1  # what reads the skip
    assert torch.equal(model(x), before)
    first.weight.data[:, 8:] += 1
    assert not torch.equal(model(x), before)


def test_torchs_start_has_a_sixth_of_the_variance() -> None:
    torch.manual_seed(0)
    model = start_as_torch(small_unet(norm=False))
    layer = model.down.get_submodule("4.2")
    n = 9 * 128
    variance = float(layer.get_parameter("weight").detach().var())
    assert variance == pytest.approx(1 / (3 * n), rel=0.05)


def test_the_second_loss_is_only_for_training() -> None:
    model = variants()["unet_supervised"][1]()
    x = torch.randn(2, 3, 32, 32)
    assert [z.shape[1] for z in model.train()(x)] == [K, K]
    assert torch.is_tensor(model.eval()(x))


def test_what_the_page_tells_of_the_riddle() -> None:
    stored = stored_values("unet_riddle", variants())
    unet, fcn = stored["unet"], stored["fcn"]
    assert unet["miou_high"] < fcn["miou_low"]
    assert unet["background"] > fcn["background"]
    assert unet["shapes"] < 0.7 * fcn["shapes"]
    assert stored["unet_longer"]["miou_low"] > fcn["miou_high"]
    assert stored["unet_paper"]["miou_high"] < unet["miou_low"]
    top = stored["unet_no_top"]
    assert top["miou_low"] < unet["miou_low"] < unet["miou_high"]
    assert unet["shapes"] < stored["unet_supervised"]["shapes"]
    alone, equal = stored["fcn_paper"], stored["unet_balanced"]
    assert alone["shapes"] < 0.36 * fcn["shapes"]
    assert alone["miou_low"] > 0.14 > stored["unet_torch"]["miou_high"]
    assert equal["shapes"] > unet["shapes"]
    assert equal["background"] < unet["background"] - 0.1
    assert equal["miou_low"] < unet["miou_low"]
    assert equal["miou_high"] > unet["miou_high"]
