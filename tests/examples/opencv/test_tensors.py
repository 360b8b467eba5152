"""Images and tensors: against OpenCV's blobs, scikit-image and fractions."""

from collections.abc import Callable
from fractions import Fraction
from types import ModuleType

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from skimage import data, util
from sklearn.datasets import load_sample_image

from examples.opencv import tensors
from tests.mutants import mutate

NAMES = ("astronaut", "chelsea", "coffee", "rocket", "retina")
ONE_ULP = 2.0**-23  # of float32 at 1


@pytest.fixture(scope="module")
def photographs() -> list[np.ndarray]:
    """BGR, as OpenCV reads them."""
    found = [getattr(data, name)()[:301, :401] for name in NAMES]
    found += [load_sample_image(name) for name in ("china.jpg", "flower.jpg")]
    return [np.ascontiguousarray(photo[:, :, ::-1]) for photo in found]


def every_level() -> np.ndarray:
    """256 x 3: each channel holds every level, each in its own order."""
    v = np.arange(256, dtype=np.uint8)
    return np.stack([v, v[::-1], np.roll(v, 77)], axis=-1)[:, None]


def unequal(a: np.ndarray, b: np.ndarray) -> int:
    return int(np.count_nonzero(a != b)) if a.shape == b.shape else b.size


def loop(image: np.ndarray) -> np.ndarray:
    """By hand, pixel for pixel."""
    h, w, _ = image.shape
    x = np.empty((3, h, w), np.float32)
    for i in range(h):
        for j in range(w):
            b, g, r = (np.float32(int(v)) for v in image[i, j])
            x[0, i, j] = np.divide(r, np.float32(255))
            x[1, i, j] = np.divide(g, np.float32(255))
            x[2, i, j] = np.divide(b, np.float32(255))
    return x


def forward_differing(m: ModuleType, image: np.ndarray) -> int:
    return unequal(m.image_to_tensor(image).numpy(), loop(image))


def backward_differing(m: ModuleType, rgb: np.ndarray) -> int:
    """Real values and not only multiples of 1/255."""
    planes = torch.from_numpy(rgb.transpose(2, 0, 1).copy())
    theirs = util.img_as_ubyte(rgb.clip(0, 1))[:, :, ::-1]
    return unequal(m.tensor_to_image(planes), theirs)


def normalized_error(m: ModuleType, image: np.ndarray) -> float:
    params = cv2.dnn.Image2BlobParams()
    params.swapRB = True
    params.mean = (*(255 * m for m in tensors.MEAN), 0)
    params.scalefactor = (*(1 / (255 * s) for s in tensors.STD), 1)
    blob = cv2.dnn.blobFromImageWithParams(image, params)[0]
    z = m.normalize(m.image_to_tensor(image)).numpy()
    return float(np.abs(z.astype(np.float64) - blob).max())


def round_trip_differing(m: ModuleType, image: np.ndarray) -> int:
    plain = m.tensor_to_image(m.image_to_tensor(image))
    z = m.normalize(m.image_to_tensor(image))
    fed = m.tensor_to_image(m.denormalize(z))
    return unequal(plain, image) + unequal(fed, image)


def test_forward_equals_a_loop_over_the_pixels(
    photographs: list[np.ndarray], proof: Callable[..., None]
) -> None:
    crops = [photo[:40, :50] for photo in photographs]
    differing = sum(
        forward_differing(tensors, image) for image in [*crops, every_level()]
    )
    assert differing == 0
    proof(
        ours="image_to_tensor",
        reference="numpy.divide",
        case=f"a loop over {len(crops)} crops and every level",
        difference=differing,
    )


def test_forward_equals_opencv(
    photographs: list[np.ndarray], proof: Callable[..., None]
) -> None:
    error = 0.0
    for image in photographs:
        blob = cv2.dnn.blobFromImage(image, 1 / 255, swapRB=True)[0]
        x = tensors.image_to_tensor(image).numpy()
        error = max(error, float(np.abs(x - blob).max()))
    assert error <= ONE_ULP
    proof(
        ours="image_to_tensor",
        reference="cv2.dnn.blobFromImage",
        case=f"{len(photographs)} photographs, float32",
        difference=error,
    )


def test_normalize_equals_opencv(
    photographs: list[np.ndarray], proof: Callable[..., None]
) -> None:
    error = max(normalized_error(tensors, image) for image in photographs)
    assert error < 1e-6
    proof(
        ours="normalize",
        reference="cv2.dnn.blobFromImageWithParams",
        case=f"{len(photographs)} photographs, float32",
        difference=error,
    )


def test_normalize_equals_its_formula_in_float64(
    photographs: list[np.ndarray],
) -> None:
    x = tensors.image_to_tensor(photographs[0]).double()
    z = tensors.normalize(x)
    for c, (mean, std) in enumerate(
        zip(tensors.MEAN, tensors.STD, strict=True)
    ):
        np.testing.assert_allclose(
            z[c], (x[c].numpy() - mean) / std, rtol=0, atol=1e-12
        )
    torch.testing.assert_close(tensors.denormalize(z), x, rtol=0, atol=1e-12)


def real_colors() -> np.ndarray:
    """Values between the levels, below 0 and above 1."""
    rng = np.random.default_rng(0)
    return rng.uniform(-0.2, 1.2, (150, 200, 3)).astype(np.float32)


def test_backward_equals_scikit_image(proof: Callable[..., None]) -> None:
    rgb = real_colors()
    differing = backward_differing(tensors, rgb)
    assert differing == 0
    proof(
        ours="tensor_to_image",
        reference="skimage.util.img_as_ubyte",
        case=f"{rgb.size // 1000} thousand real values, clamped",
        difference=differing,
    )


def test_round_trip_is_exact(
    photographs: list[np.ndarray], proof: Callable[..., None]
) -> None:
    several = [*photographs, every_level()]
    differing = sum(round_trip_differing(tensors, i) for i in several)
    assert differing == 0
    proof(
        ours="tensor_to_image",
        reference="numpy.arange",
        case=f"every level, {len(photographs)} photographs, there and back",
        difference=differing,
    )


@given(
    arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=6)),
    st.sampled_from([None, 3, 4]),
)
def test_round_trip_of_any_image(
    image: np.ndarray, channels: int | None
) -> None:
    if channels:
        image = np.stack([image + 50 * c for c in range(channels)], axis=-1)
        image = image.astype(np.uint8)
    x = tensors.image_to_tensor(image)
    back = tensors.tensor_to_image(x)
    assert back.dtype == np.uint8
    assert back.flags.c_contiguous
    np.testing.assert_array_equal(back, image)
    assert x.shape == (channels or 1, *image.shape[:2])
    assert x.is_contiguous()


def rounded_to(value: Fraction, bits: int) -> Fraction:
    """The nearest number of so many significant bits, ties to even."""
    if value == 0:
        return value
    exponent = 0
    while value * 2**exponent < 2 ** (bits - 1):
        exponent += 1
    return Fraction(round(value * 2**exponent), 2**exponent)


def test_survivors_are_those_of_exact_arithmetic(
    proof: Callable[..., None],
) -> None:
    """round() of a Fraction is exact and takes ties to even, as IEEE does."""
    differing = 0
    for dtype, bits in tensors.BITS.items():
        if bits < 8:
            continue  # float8 has subnormals
        levels, back = tensors.there_and_back(dtype)
        for v in range(256):
            kept = rounded_to(Fraction(v, 255), bits)
            exact = rounded_to(kept * 255, 24)
            differing += exact != Fraction(float(back[v]))
            assert abs(kept * 255 - v) <= Fraction(255, 2 ** (bits + 1))
        assert levels.tolist() == list(range(256))
    assert differing == 0
    proof(
        ours="there_and_back",
        reference="fractions.Fraction",
        case="256 levels in float32, float16 and bfloat16",
        difference=int(differing),
    )


def test_eight_bits_are_enough_and_seven_are_not() -> None:
    for bits in range(3, 25):
        lost = sum(
            round(rounded_to(Fraction(v, 255), bits) * 255) != v
            for v in range(256)
        )
        assert (lost == 0) == (bits >= 8)


def test_which_types_survive() -> None:
    for dtype, bits in tensors.BITS.items():
        for mean, std in ((0.0, 1.0), (0.485, 0.229), (0.5, 0.5)):
            worst, lost, _ = tensors.survivors(dtype, mean, std)
            assert (lost == 0) == (bits >= 8) == (worst < 0.5)


def test_bfloat16_arithmetic_does_not_survive_normalization() -> None:
    v = torch.arange(256)
    x = v.to(torch.bfloat16) / 255
    mean, std = (torch.tensor(s, dtype=x.dtype) for s in (0.485, 0.229))
    back = (((x - mean) / std) * std + mean) * 255
    assert int((back.round() != v).sum()) > 0


def test_truncation_after_normalization_loses_levels() -> None:
    plain = tensors.survivors(torch.float32)
    assert plain[2] == 0  # the folklore is wrong here
    for mean, std in zip(tensors.MEAN, tensors.STD, strict=True):
        assert tensors.survivors(torch.float32, mean, std)[2] > 30


def test_multiplying_by_the_inverse_is_loses_levels_too() -> None:
    v = np.arange(256)
    truncated = (v * (1 / 255) * 255).astype(np.uint8)
    assert np.count_nonzero(truncated != v) > 20


def test_sixteen_bit_images_need_float32() -> None:
    v = torch.arange(65536)
    for dtype, survives in ((torch.float32, True), (torch.float16, False)):
        kept = (v.float() / 65535).to(dtype).float()
        assert bool(((kept * 65535).round() == v).all()) == survives


def all_differences(m: ModuleType) -> float:
    image = data.astronaut()[100:130, 200:240]
    differing = forward_differing(m, image)
    differing += backward_differing(m, real_colors())
    differing += round_trip_differing(m, image)
    differing += max(0.0, normalized_error(m, image) - 1e-6)
    alpha = np.dstack([image, image[:, :, :1] // 2])
    x = m.image_to_tensor(alpha)
    gap = (x[3] * 255 - torch.from_numpy(alpha[:, :, 3])).abs().max()
    differing += float(gap) > 1e-3
    differing += unequal(m.tensor_to_image(x), alpha)
    for half in (torch.float16, torch.bfloat16):
        kept = m.image_to_tensor(every_level()).to(half)
        differing += unequal(m.tensor_to_image(kept), every_level())
    batch = m.images_to_batch([image, image[::-1]])
    differing += unequal(m.batch_to_images(batch)[1], image[::-1])
    return float(differing)


MUTANTS = {
    "channels not reversed": ("3: (2, 1, 0),", "3: (0, 1, 2),"),
    "alpha moved to the front": ("4: (2, 1, 0, 3)", "4: (3, 0, 1, 2)"),
    "divided by 256": ("to(torch.float32) / 255", "to(torch.float32) / 256"),
    "multiplied by the inverse": (
        "to(torch.float32) / 255",
        "to(torch.float32) * (1 / 255)",
    ),
    "truncated": ("(x.clamp(0, 1) * 255).round()", "x.clamp(0, 1) * 255"),
    "rounded up": (".round()  #", ".ceil()  #"),
    "256 levels on the way back": ("clamp(0, 1) * 255", "clamp(0, 1) * 256"),
    "not clamped below": ("x.clamp(0, 1)", "x.clamp(max=1)"),
    "height and width exchanged": (
        "np.stack([planes[c] for c in ORDER[len(planes)]], axis=2)",
        "np.stack([planes[c].T for c in ORDER[len(planes)]], axis=2)",
    ),
    "planes left in RGB": ("ORDER[len(planes)]]", "range(len(planes))]"),
    "mean of another channel": ("0.485, 0.456", "0.456, 0.485"),
    "std before mean": (
        '(x - column("mean", mean, x)) / column("std", std, x)',
        'x / column("std", std, x) - column("mean", mean, x)',
    ),
    "mean not given back": (' + column("mean", mean, z)', ""),
    "one image for the whole batch": (
        "for one in x]",
        "for one in x[:1].expand_as(x)]",
    ),
}


def test_nothing_differs_without_a_mutation() -> None:
    assert all_differences(tensors) == 0


@pytest.mark.parametrize("mutation", MUTANTS)
def test_comparison_notices_the_mutant(mutation: str) -> None:
    old, new = MUTANTS[mutation]
    mutant = mutate(tensors, old, new)
    # MEAN and STD of the reference stay those of the shipped module
    assert all_differences(mutant) > 0


def test_the_result_is_a_copy_and_the_image_stays() -> None:
    image = data.astronaut()[:20, :20, ::-1].copy()
    before = image.copy()
    x = tensors.image_to_tensor(image)
    x.zero_()
    np.testing.assert_array_equal(image, before)
    y = torch.full((3, 4, 5), 0.5)
    tensors.tensor_to_image(y)[:] = 0
    assert bool((y == 0.5).all())


def test_views_and_negative_strides_are_welcome() -> None:
    image = data.astronaut()
    for view in (image[:, :, ::-1], image[::-2, 1::3], image[:, ::-1]):
        x = tensors.image_to_tensor(view)
        np.testing.assert_array_equal(tensors.tensor_to_image(x), view)
    with pytest.raises(ValueError, match="negative"):
        torch.from_numpy(image[:, :, ::-1])


def test_permuted_and_differentiable_tensors_are_welcome() -> None:
    image = data.astronaut()[:8, :9]
    x = tensors.image_to_tensor(image).requires_grad_()
    last = x[None].contiguous(memory_format=torch.channels_last)[0]
    np.testing.assert_array_equal(tensors.tensor_to_image(last), image)


def test_a_permuted_image_is_channels_last() -> None:
    x = torch.from_numpy(data.astronaut()).permute(2, 0, 1)[None]
    assert x.is_contiguous(memory_format=torch.channels_last)
    assert x.float().stride() == x.stride()


def test_normalization_folds_into_the_first_convolution() -> None:
    torch.manual_seed(0)
    conv = torch.nn.Conv2d(3, 4, 3, padding=1).double()
    bias = conv.bias
    assert bias is not None
    image = data.astronaut()[:9, :9]
    z = tensors.normalize(tensors.image_to_tensor(image).double())
    v = torch.from_numpy(image[:, :, ::-1].copy()).permute(2, 0, 1).double()
    mean = torch.tensor(tensors.MEAN).double()
    std = torch.tensor(tensors.STD).double()
    weight = conv.weight / (255 * std[:, None, None])
    shift = (conv.weight * (mean / std)[:, None, None]).sum((1, 2, 3))
    folded = torch.nn.functional.conv2d(v, weight, bias - shift, padding=1)
    gap = (folded - conv(z)).detach().abs().amax(0)
    assert float(gap[1:-1, 1:-1].max()) < 1e-5
    assert float(gap[0].min()) > 1e-2  # zero padding is not black in z


IMAGE = np.zeros((6, 5, 3), np.uint8)
X = torch.zeros(3, 6, 5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.image_to_tensor(None), "image is NoneType"),
        (lambda m: m.image_to_tensor(IMAGE / 255), "image is float64"),
        (lambda m: m.image_to_tensor(IMAGE > 0), "image is bool"),
        (lambda m: m.image_to_tensor(IMAGE[0, 0]), r"image is \(3,\)"),
        (lambda m: m.image_to_tensor(IMAGE[None]), r"is \(1, 6, 5, 3\)"),
        (lambda m: m.image_to_tensor(IMAGE[:, :, :2]), r"is \(6, 5, 2\)"),
        (lambda m: m.image_to_tensor(IMAGE[:0]), r"image is \(0, 5, 3\)"),
        (lambda m: m.tensor_to_image(X.byte()), "x is torch.uint8"),
        (lambda m: m.tensor_to_image(X[0]), r"x is \(6, 5\)"),
        (lambda m: m.tensor_to_image(X[None]), r"x is \(1, 3, 6, 5\)"),
        (lambda m: m.tensor_to_image(X.permute(1, 2, 0)), r"is \(6, 5, 3\)"),
        (lambda m: m.tensor_to_image(X / 0), "NaN or infinite"),
        (lambda m: m.tensor_to_image(1 / X), "NaN or infinite"),
        (
            lambda m: m.normalize(m.image_to_tensor(IMAGE[:, :, 0])),
            "mean has 3 values; x has 1 channels",
        ),
        (
            lambda m: m.normalize(X, (0, 0, 0), (1, 0, 1)),
            r"std is \(1, 0, 1\)",
        ),
        (lambda m: m.images_to_batch([IMAGE, IMAGE[1:]]), "give shapes"),
        (lambda m: m.images_to_batch([]), r"shapes \[\]"),
        (lambda m: m.batch_to_images(X), r"x is \(3, 6, 5\)"),
    ],
)
def test_bad_input_is_named(
    call: Callable[[ModuleType], object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        call(tensors)
