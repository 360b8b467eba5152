"""What the page says about repeatability, and the measure itself."""

import numpy as np
import pytest
from skimage import data

from examples.image_processing import features_repeatability as repeat

Shares = dict[str, dict[str, float]]


@pytest.fixture(scope="module")
def means() -> Shares:
    """Mean share over the photographs, by detector and view."""
    photographs = [getattr(data, name)() for name in repeat.PHOTOGRAPHS]
    result = {}
    for name in repeat.DETECTORS:
        rows = []
        for image in photographs:
            views = [repeat.turned(image, 30)]
            views += [repeat.scaled(image, s) for s in (0.5, 2.0)]
            rows.append(repeat.shares(name, image, views))
        turn, half, double = np.mean(rows, axis=0)
        result[name] = {"turn": turn, "half": half, "double": double}
    return result


def test_harris_bears_rotation_best(means: Shares) -> None:
    assert means["Harris"]["turn"] > 0.8
    others = ("FAST", "ORB", "SIFT")
    best_other = max(means[name]["turn"] for name in others)
    assert means["Harris"]["turn"] > best_other + 0.05


def test_sift_bears_a_halved_scale_best(means: Shares) -> None:
    others = ("Harris", "FAST", "ORB")
    best_other = max(means[name]["half"] for name in others)
    assert means["SIFT"]["half"] > best_other + 0.05
    assert means["Harris"]["half"] < 0.4
    assert means["SIFT"]["double"] == max(m["double"] for m in means.values())


def test_orb_says_the_same_thing_many_times() -> None:
    image = data.camera()
    views = [repeat.turned(image, 30)]
    together = repeat.shares("ORB", image, views, apart=0)[0]
    apart = repeat.shares("ORB", image, views)[0]
    assert together > apart + 0.2


def test_an_equal_view_repeats_everything() -> None:
    image = data.coins()
    for name in repeat.DETECTORS:
        assert repeat.shares(name, image, [(image, np.eye(3))]) == [1]


def test_a_wrong_map_repeats_little() -> None:
    image = data.camera()
    view, true = repeat.turned(image, 45)
    wrong = repeat.turned(image, 30)[1]
    right = repeat.shares("Harris", image, [(view, true)])[0]
    assert repeat.shares("Harris", image, [(view, wrong)])[0] < right / 2


def test_maps_of_the_views_put_points_where_they_are() -> None:
    image = np.zeros((100, 120), np.uint8)
    image[40:43, 70:73] = 255  # centered on (71, 41)
    for view, true in (repeat.turned(image, 30), repeat.scaled(image, 2)):
        y, x = np.nonzero(view > 100)
        there = repeat.project(true, np.array([[71, 41]]))[0]
        assert np.abs(there - [x.mean(), y.mean()]).max() < 0.5


def test_thinned_points_keep_their_distance() -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 100, (400, 2))
    kept = repeat.thinned(points, 5)
    gaps = np.linalg.norm(kept[:, None] - kept, axis=2)
    assert gaps[~np.eye(len(kept), dtype=bool)].min() >= 5
    assert (kept[0] == points[0]).all()
