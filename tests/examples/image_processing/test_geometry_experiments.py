"""What the page says of holes, lattices, stripes, blur, lenses and paper."""

from collections.abc import Callable
from types import ModuleType

import cv2
import numpy as np
import pytest
from skimage import data
from skimage.transform import swirl

from examples.image_processing import (
    geometry_compose,
    geometry_forward,
    geometry_lattice,
    geometry_maps,
    geometry_moire,
    geometry_rectify,
)
from examples.image_processing.geometry import remap, sources
from examples.image_processing.geometry_matrices import (
    perspective_from_points,
    rotation_about,
    scaling,
    transform,
)
from examples.image_processing.geometry_resize import resize
from tests.mutants import mutate

TURN = cv2.getRotationMatrix2D((255.5, 255.5), 17.3, 0.9)
TILT = np.vstack([TURN, [2e-4, 3e-4, 1]])
SIZE = (512, 512)


def off_lattice(module: ModuleType) -> dict[str, float]:
    image = data.camera().astype(float)
    both = [m.astype(np.float32).astype(float) for m in sources(TILT, SIZE)]
    small = [m.astype(np.float32) for m in both]
    inverse = cv2.invertAffineTransform(TURN)
    return {
        "cv2.remap": abs(
            cv2.remap(image, *small, cv2.INTER_LINEAR)
            - remap(image, *map(module.snap, both))
        ).max(),
        "cv2.warpAffine": abs(
            cv2.warpAffine(image, TURN, SIZE)
            - remap(image, *module.snapped_affine(inverse, SIZE))
        ).max(),
    }


def test_float64_warps_of_opencv_read_a_lattice(
    proof: Callable[..., None],
) -> None:
    for reference, error in off_lattice(geometry_lattice).items():
        assert error < 1e-10
        proof(
            ours="snap" if "remap" in reference else "snapped_affine",
            reference=reference,
            case="float64, 0–255",
            error=error,
        )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("np.rint(32 * x) / 32", "np.rint(64 * x) / 64"),
        ("np.rint(32 * x) / 32", "np.floor(32 * x) / 32"),
        ("step + 16", "step"),
        ("np.rint(1024 * along_u * u)", "np.floor(1024 * along_u * u)"),
        (">> 5", ">> 6"),
    ],
)
def test_lattice_mutants_are_noticed(old: str, new: str) -> None:
    assert max(off_lattice(mutate(geometry_lattice, old, new)).values()) > 0.1


def test_which_images_leave_the_lattice() -> None:
    exact = remap(data.camera(), *sources(np.vstack([TURN, [0, 0, 1]]), SIZE))
    for kind in (np.uint8, np.uint16, np.int16, np.float32, np.float64):
        for channels in (1, 2, 3, 4, 5):
            image = np.dstack([data.camera().astype(kind)] * channels)
            out = cv2.warpAffine(image, TURN, SIZE).reshape(512, 512, -1)
            off = abs(out[..., 0] - exact).max()
            new = kind in (np.uint8, np.uint16, np.float32)
            if new and channels in (1, 3, 4):
                assert off < 0.6
            else:
                assert 2.5 < off < 8


def test_fixed_point_maps_bring_uint8_back_to_the_lattice() -> None:
    image = data.camera()
    small = [m.astype(np.float32) for m in sources(TILT, SIZE)]
    exact = remap(image, *small)
    packed = cv2.convertMaps(*small, cv2.CV_16SC2)
    for maps, low, high in ((small, 0, 0.6), (packed, 2.5, 8)):
        off = abs(cv2.remap(image, *maps, cv2.INTER_LINEAR) - exact)
        assert low <= off.max() < high


def test_push_by_a_loop() -> None:
    image = data.camera()[:9, :12]
    matrix = rotation_about((5, 4), 33, 1.4)
    out, hits = geometry_forward.push(image, matrix, (10, 11))
    slow, count = np.zeros((10, 11), np.uint8), np.zeros((10, 11), int)
    for y in range(9):
        for x in range(12):
            u, v, w = matrix @ [x, y, 1]
            u, v = round(u / w), round(v / w)
            if 0 <= u < 11 and 0 <= v < 10:
                slow[v, u] = image[y, x]
                count[v, u] += 1
    assert (out == slow).all()
    assert (hits == count).all()


def test_forward_mapping_leaves_holes_and_shrinking_collides() -> None:
    _, hits = geometry_forward.push(np.zeros((50, 50)), scaling(2, 2), (99, 99))
    assert (hits == 0).mean() == pytest.approx(1 - 2500 / 9801)
    _, hits = geometry_forward.push(
        np.zeros((50, 50)), scaling(0.5, 0.5), (25, 25)
    )
    assert hits.max() > 1


def test_remaining_amplitudes_have_closed_forms() -> None:
    """Averages of 4 leave the Dirichlet kernel, the triangle its square."""
    for period in (32, 16, 9, 7, 5, 3.1, 2.3):
        f = 1 / period
        box = abs(np.sin(4 * np.pi * f) / (4 * np.sin(np.pi * f)))
        remains = geometry_moire.remains
        assert remains("area", period) == pytest.approx(box, abs=0.01)
        assert remains("bilinear", period) == pytest.approx(
            abs(np.cos(np.pi * f)), abs=0.01
        )
        assert remains("nearest", period) == pytest.approx(1, abs=0.01)
        if period <= 5:
            assert remains("bilinear antialias", period) < 0.06
            assert remains("bilinear", period) > remains("area", period)


def test_small_roof_flickers_less_when_averaged() -> None:
    """Moved by one pixel the scene is the same; an alias is not."""
    roof = data.brick().astype(float)
    change = {
        mode: float(
            np.sqrt(
                np.mean(
                    (
                        resize(roof[:480, :480], (60, 60), mode)
                        - resize(roof[:480, 4:484], (60, 60), mode)
                    )
                    ** 2
                )
            )
        )
        for mode in ("nearest", "bilinear", "area")
    }
    assert change["nearest"] > change["bilinear"] > change["area"]


def test_multiplying_first_keeps_the_photograph() -> None:
    image = data.camera().astype(float)
    once = geometry_compose.multiplied(image, 12, "bilinear")
    twelve = geometry_compose.one_by_one(image, 12, "bilinear")
    assert geometry_compose.disk_error(once, image) < 1e-6
    assert geometry_compose.disk_error(twelve, image) > 5


def test_lens_maps_equal_opencv(proof: Callable[..., None]) -> None:
    shape, focal, k1, k2 = (300, 400), 350.0, -0.2, 0.04
    camera = np.array([[focal, 0, 199.5], [0, focal, 149.5], [0, 0, 1]])
    theirs = cv2.initUndistortRectifyMap(
        camera, np.array([k1, k2, 0, 0]), None, camera, (400, 300), cv2.CV_32FC1
    )
    ours = geometry_maps.lens_maps(shape, focal, k1, k2)
    error = max(abs(a - b).max() for a, b in zip(ours, theirs, strict=True))
    assert error < 1e-4
    proof(
        ours="lens_maps",
        reference="cv2.initUndistortRectifyMap",
        case="float32, pixels",
        error=float(error),
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1 + k1 * r2", "1 - k1 * r2"),
        ("k2 * r2 * r2", "k2 * r2"),
        ("r2 = x * x + y * y", "r2 = np.sqrt(x * x + y * y)"),
        (
            "(shape[1] - 1) / 2, (shape[0] - 1) / 2\n    x, y",
            "shape[1] / 2, shape[0] / 2\n    x, y",
        ),
        ("cx + focal * bend * x", "cx + focal * x / bend"),
    ],
)
def test_lens_mutants_are_noticed(old: str, new: str) -> None:
    right = geometry_maps.lens_maps((300, 400), 350, -0.2, 0.04)
    wrong = mutate(geometry_maps, old, new).lens_maps(
        (300, 400), 350, -0.2, 0.04
    )
    assert (
        max(abs(a - b).max() for a, b in zip(right, wrong, strict=True)) > 0.1
    )


def test_bent_maps_are_the_inverse() -> None:
    x, y = geometry_maps.bent_maps((101, 141), 120, -0.14)
    cx, cy = 70, 50
    r2 = ((x - cx) / 120) ** 2 + ((y - cy) / 120) ** 2
    v, u = np.indices((101, 141))
    assert abs(cx + (x - cx) * (1 - 0.14 * r2) - u).max() < 1e-8
    assert abs(cy + (y - cy) * (1 - 0.14 * r2) - v).max() < 1e-8
    with pytest.raises(ValueError, match="focal is 0"):
        geometry_maps.lens_maps((4, 4), 0, 0.1)


def test_swirl_equals_skimage(proof: Callable[..., None]) -> None:
    image = data.text() / 255.0
    h, w = image.shape
    theirs = swirl(
        image,
        center=((w - 1) / 2, (h - 1) / 2),
        strength=2.5,
        radius=130 * 5 / np.log(2),
        mode="constant",
    )
    ours = remap(image, *geometry_maps.swirl_maps((h, w), 2.5, 130))
    error = abs(ours - theirs).max()
    assert error < 1e-11
    proof(
        ours="swirl_maps, remap",
        reference="skimage.transform.swirl",
        case="float64, 0–1",
        error=float(error),
    )


def test_the_line_that_had_no_say_comes_out_level() -> None:
    matrix = perspective_from_points(
        np.array(geometry_rectify.CORNERS), np.array(geometry_rectify.FLAT)
    )
    for place, points in geometry_rectify.LINES.values():
        y = transform(matrix, np.array(points))[:, 1] / geometry_rectify.SPACING
        assert np.ptp(y) < 0.05
        assert abs(y.mean() - place) < 0.06
