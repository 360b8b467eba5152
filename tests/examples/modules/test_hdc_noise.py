"""Lattices make checkerboards, holes hardly matter: held on another seed."""

import pytest
import torch

from examples.modules.hdc_noise import (
    CHANNELS,
    MARGIN,
    NETWORKS,
    judge,
    network,
    observe,
    scene,
    train,
)
from examples.modules.hdc_smoothed import smoothed_stack

SEED = 3


@pytest.fixture(scope="module")
def found() -> dict[str, tuple[float, list[float]]]:
    results = {n: judge(train(b, SEED)) for n, b in NETWORKS.items()}
    for kind in ("shared smoothing", "group interaction"):
        model = train(
            lambda k=kind: network(smoothed_stack(k, (2, 2, 2), CHANNELS)), SEED
        )
        results[kind] = judge(model)
    return results


LATTICED = {"2-2-2", "2-2-2, shortcuts"}


def test_neighbors_err_together_unless_lattices_part_them(
    found: dict[str, tuple[float, list[float]]],
) -> None:
    for name, (_, correlation) in found.items():
        if name in LATTICED:
            assert abs(correlation[1]) < 0.1 and abs(correlation[3]) < 0.1
            assert correlation[2] > 0.7
        else:
            assert correlation[1] > 0.55
            if name != "1-4-4":
                assert correlation[1] > correlation[2] > correlation[3] > 0.2


def test_lattices_double_the_mistakes_and_holes_do_not(
    found: dict[str, tuple[float, list[float]]],
) -> None:
    wrong = {name: share for name, (share, _) in found.items()}
    for name in LATTICED:
        assert wrong[name] > 1.8 * wrong["1-2-3"]
    for name in wrong.keys() - LATTICED:
        assert wrong[name] < 1.35 * wrong["1-2-3"]
    assert wrong["1-2-9"] < 1.15 * wrong["1-2-3"]  # rejected by the rule
    assert wrong["1-4-4"] > 1.1 * wrong["1-2-3"]


def test_networks_of_three_layers_have_the_same_parameters() -> None:
    sizes = {
        name: sum(p.numel() for p in build().parameters())
        for name, build in NETWORKS.items()
    }
    assert sizes.pop("2-2-2 after 3 × 3") > sizes["2-2-2"]
    assert len(set(sizes.values())) == 1


def test_noise_of_the_scene_is_white_and_blobs_are_not() -> None:
    random = torch.Generator().manual_seed(1)
    label = scene(8, 64, random)
    assert set(label.unique().tolist()) == {0, 1}
    assert (label[..., 1:] == label[..., :-1]).float().mean() > 0.9
    noise = observe(label, random) - 2 * label + 1
    assert abs((noise[..., 1:] * noise[..., :-1]).mean()) < 0.1
    with pytest.raises(ValueError, match="size is 8; must be at least 20"):
        scene(1, 8, random)
    assert MARGIN == 10
