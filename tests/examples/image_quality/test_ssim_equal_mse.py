"""The figures of the SSIM page show what they say."""

import numpy as np
import pytest
from skimage.metrics import mean_squared_error, structural_similarity

from examples.image_quality import ssim_equal_mse, ssim_gradient, ssim_terms
from tests.mutants import mutate

PAPER = {
    "gaussian_weights": True,
    "sigma": 1.5,
    "use_sample_covariance": False,
    "data_range": 255,
}


def test_seven_damages_share_one_mse_and_differ_in_ssim() -> None:
    x = ssim_equal_mse.photograph()
    made = ssim_equal_mse.equal_mse_set(x)
    assert len(made) == 7
    target = mean_squared_error(x, np.roll(x, 2, axis=1))
    values = {}
    for name, (y, _) in made.items():
        assert y.dtype == np.float64
        assert 0 <= y.min() <= y.max() <= 255
        assert mean_squared_error(x, y) == pytest.approx(target, rel=1e-12)
        values[name] = structural_similarity(x, y, **PAPER)
    assert values["brighter"] > 0.95
    assert max(values.values()) - min(values.values()) > 0.4
    # SSIM has a blind spot as well: no eye sees the shift
    assert abs(values["shift"] - values["blur"]) < 0.1


def test_no_real_damage_had_to_be_scaled_by_more_than_a_tenth() -> None:
    made = ssim_equal_mse.equal_mse_set(ssim_equal_mse.photograph())
    for name in ("shift", "blur", "JPEG", "salt and pepper"):
        assert abs(made[name][1] - 1) < 0.1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("range(60)", "range(20)"),
        ("return np.clip(x + high * e, 0, 255)", "return x + low * e"),
        ("(s, high) if", "(s, s) if"),
    ],
)
def test_a_careless_bisection_is_noticed(old: str, new: str) -> None:
    mutant = mutate(ssim_equal_mse, old, new)
    x = mutant.photograph()
    target = mean_squared_error(x, np.roll(x, 2, axis=1))
    gaps = [
        abs(mean_squared_error(x, y) / target - 1)
        for y, _ in mutant.equal_mse_set(x).values()
    ]
    assert max(gaps) > 1e-12


@pytest.mark.parametrize("target", [0.0, -1.0, float("nan"), 1e6])
def test_impossible_targets_are_named(target: float) -> None:
    x = ssim_equal_mse.photograph()
    with pytest.raises(ValueError, match="target is"):
        ssim_equal_mse.at_mse(x, np.ones_like(x), target)


def test_the_climb_keeps_the_mse_and_finds_the_holes() -> None:
    x = ssim_gradient.photograph()
    images = ssim_gradient.extremes()
    values, shares = {}, {}
    for name, y in images.items():
        assert mean_squared_error(x, y) == pytest.approx(256, rel=1e-12)
        values[name] = structural_similarity(x, y, **PAPER)
        e = (y - x) ** 2
        shares[name] = 1 - e[10:-10, 10:-10].sum() / e.sum()
    assert values["highest SSIM"] > 0.99
    assert shares["highest SSIM"] > 0.99  # all of it in the margin
    kept = images["highest, margin kept"]
    assert values["highest, margin kept"] > 0.9
    assert np.abs(kept - x).max() > 255  # a few pixels far out of range
    lowest = images["lowest, margin kept"]
    assert values["lowest, margin kept"] < 0.2
    structure = ssim_terms.ssim_terms(x, lowest, 255)[2][10:-10, 10:-10]
    assert np.mean(structure < 0) > 0.5


def test_each_patch_changes_one_term() -> None:
    terms = {
        name: ssim_terms.patch_terms(*pair)
        for name, pair in ssim_terms.patches().items()
    }
    for name, others in {
        "brighter": (1, 2),
        "flatter": (0,),
        "rearranged": (0, 1),
        "upside down": (0, 1),
    }.items():
        for other in others:
            assert terms[name][other] == pytest.approx(1, abs=1e-9)
    assert terms["brighter"][0] < 0.95
    assert terms["flatter"][1] < 0.7 < 0.95 < terms["flatter"][2]
    assert abs(terms["rearranged"][2]) < 0.05
    assert -1 < terms["upside down"][2] < -0.9
