"""Every operation against OpenCV, SciPy and scikit-image, pixel by pixel."""

from types import ModuleType

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from skimage import data
from skimage import morphology as sk

from examples.image_processing import morphology, morphology_elements
from tests.mutants import mutate

FLAGS = {
    "erode": cv2.MORPH_ERODE,
    "dilate": cv2.MORPH_DILATE,
    "opening": cv2.MORPH_OPEN,
    "closing": cv2.MORPH_CLOSE,
    "gradient": cv2.MORPH_GRADIENT,
    "top_hat": cv2.MORPH_TOPHAT,
    "black_hat": cv2.MORPH_BLACKHAT,
}
SKIMAGE = {
    "erode": "erosion",
    "dilate": "dilation",
    "opening": "opening",
    "closing": "closing",
    "top_hat": "white_tophat",
    "black_hat": "black_tophat",
}
SCIPY = {
    "erode": "grey_erosion",
    "dilate": "grey_dilation",
    "opening": "grey_opening",
    "closing": "grey_closing",
    "gradient": "morphological_gradient",
    "top_hat": "white_tophat",
    "black_hat": "black_tophat",
}
SHAPES = {
    "rectangle": cv2.MORPH_RECT,
    "cross": cv2.MORPH_CROSS,
    "ellipse": cv2.MORPH_ELLIPSE,
}
RNG = np.random.default_rng(5)
LOPSIDED = (RNG.random((4, 5)) < 0.4).astype(np.uint8)


def photographs() -> list[np.ndarray]:
    camera, coffee = data.camera(), data.coffee()
    return [
        camera[:90, 180:291],
        coffee[150:210, 100:161],
        camera[100:160, 100:161].astype(np.float32) / 255,
    ]


def elements() -> list[np.ndarray]:
    """Odd and even rectangles, crosses, ellipses, and one lopsided."""
    shaped = [
        cv2.getStructuringElement(flag, size)
        for flag in SHAPES.values()
        for size in ((3, 3), (7, 5), (4, 4), (2, 3))
    ]
    return [*shaped, LOPSIDED]


def settings(b: np.ndarray) -> list[tuple]:
    """Anchor and iterations: the default, two corners, repetitions."""
    w = b.shape[1]
    return [((-1, -1), 1), ((0, 0), 1), ((w - 1, 0), 2), ((-1, -1), 3)]


def differences(module: ModuleType) -> dict[str, int]:
    found = dict.fromkeys(FLAGS, 0)
    for image in photographs():
        for b in elements():
            for anchor, iterations in settings(b):
                ours = None if anchor == (-1, -1) else anchor
                for name, flag in FLAGS.items():
                    with np.errstate(over="ignore"):
                        y = getattr(module, name)(image, b, ours, iterations)
                    theirs = cv2.morphologyEx(
                        image, flag, b, anchor=anchor, iterations=iterations
                    )
                    found[name] += int((y != theirs).sum())
    return found


def element_differences(module: ModuleType) -> int:
    return sum(
        int(
            (
                module.element(shape, w, h)
                != cv2.getStructuringElement(flag, (w, h))
            ).sum()
        )
        for shape, flag in SHAPES.items()
        for w in range(1, 26)
        for h in range(1, 26)
    )


def test_elements_equal_opencv(proof) -> None:
    differing = element_differences(morphology_elements)
    assert differing == 0
    proof(
        ours="element",
        reference="cv2.getStructuringElement",
        case="3 shapes, 625 sizes each",
        differing=differing,
    )


def test_every_operation_equals_opencv(proof) -> None:
    found = differences(morphology)
    assert found == dict.fromkeys(FLAGS, 0)
    for name, differing in found.items():
        reference = {"erode": "cv2.erode", "dilate": "cv2.dilate"}
        proof(
            ours=name,
            reference=reference.get(name, "cv2.morphologyEx"),
            case="13 elements, 4 settings",
            differing=differing,
        )


def test_erode_and_dilate_by_their_own_names() -> None:
    image = data.camera()
    for b in elements():
        assert np.array_equal(morphology.erode(image, b), cv2.erode(image, b))
        assert np.array_equal(morphology.dilate(image, b), cv2.dilate(image, b))


@pytest.mark.parametrize("name", SKIMAGE)
def test_symmetric_elements_equal_skimage(name: str, proof) -> None:
    image, differing = data.camera()[:150, 100:300], 0
    for b in (np.ones((3, 5), np.uint8), sk.disk(3), sk.diamond(2)):
        theirs = getattr(sk, SKIMAGE[name])(image, b)
        differing += int((getattr(morphology, name)(image, b) != theirs).sum())
    assert differing == 0
    if name in ("opening", "top_hat"):
        proof(
            ours=name,
            reference=f"skimage.morphology.{SKIMAGE[name]}",
            case="3 elements",
            differing=differing,
        )


@pytest.mark.parametrize("name", SCIPY)
def test_symmetric_elements_equal_scipy(name: str) -> None:
    image = data.camera()[:150, 100:300].astype(float)
    for b in (np.ones((3, 5), np.uint8), sk.disk(3)):
        theirs = getattr(ndimage, SCIPY[name])(image, footprint=b)
        assert np.array_equal(getattr(morphology, name)(image, b), theirs)


def test_opencv_does_not_turn_the_element_in_dilation() -> None:
    dot = np.zeros((9, 9), np.uint8)
    dot[4, 4] = 1
    arrow = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0]], np.uint8)
    ours = morphology.dilate(dot, arrow)
    assert np.argwhere(ours).tolist() == [[4, 4], [5, 5]]
    assert np.array_equal(ours, cv2.dilate(dot, arrow))
    textbook = ndimage.grey_dilation(dot, footprint=arrow, mode="constant")
    assert np.argwhere(textbook).tolist() == [[3, 3], [4, 4]]
    turned = morphology.dilate(dot, *morphology.turn(arrow))
    assert np.array_equal(turned, textbook)


MUTANTS = {
    "minimum for maximum": (
        "image, b, anchor, np.maximum",
        "image, b, anchor, np.minimum",
    ),
    "erosion sees black outside": (
        "np.minimum, side=1",
        "np.minimum, side=0",
    ),
    "dilation sees white outside": (
        "np.maximum, side=0",
        "np.maximum, side=1",
    ),
    "anchor forgotten": (
        "anchor or (kw // 2, kh // 2)\n    size",
        "(kw // 2, kh // 2)\n    size",
    ),
    "default anchor rounds down": (
        "anchor or (kw // 2, kh // 2)\n    size",
        "anchor or ((kw - 1) // 2, (kh - 1) // 2)\n    size",
    ),
    "the element is turned": ("np.argwhere(b)", "np.argwhere(b[::-1, ::-1])"),
    "the element is full": ("np.argwhere(b)", "np.ndindex(b.shape)"),
    "opening is closing": (
        "return dilate(erode(x, b, *how), b, *how)",
        "return erode(dilate(x, b, *how), b, *how)",
    ),
    "unsigned values wrap around": (
        'b if a.dtype.kind == "f" else np.minimum(a, b)',
        "b",
    ),
    "floats stop at 0 too": (
        'b if a.dtype.kind == "f" else np.minimum(a, b)',
        "np.minimum(a, b)",
    ),
    "internal gradient": (
        "subtract(dilate(x, b, *how), erode(x, b, *how))",
        "subtract(x, erode(x, b, *how))",
    ),
    "black-hat upside down": (
        "subtract(closing(x, b, *how), x)",
        "subtract(x, closing(x, b, *how))",
    ),
    "one repetition only": ("range(iterations)", "range(1)"),
}
ELEMENT_MUTANTS = {
    "half axes of the exact half": (
        "a, b = width // 2, height // 2",
        "a, b = width / 2, height / 2",
    ),
    "rounded down": ("np.rint(reach)", "np.floor(reach)"),
    "a rhombus": (
        "np.sqrt((b**2 - y**2).clip(0) / max(b, 1) ** 2)",
        "(b - np.abs(y)) / max(b, 1)",
    ),
    "cross off its middle": (
        "np.arange(width) - width // 2",
        "np.arange(width) - (width - 1) // 2",
    ),
    "cross of one arm": ("(x == 0) | (y == 0)", "(x == 0) | (y == y + 1)"),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_comparison_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(morphology, *MUTANTS[mutation])
    assert any(differences(mutant).values())


@pytest.mark.parametrize("mutation", ELEMENT_MUTANTS)
def test_element_comparison_notices_the_mutant(mutation: str) -> None:
    mutant = mutate(morphology_elements, *ELEMENT_MUTANTS[mutation])
    assert element_differences(mutant) > 0


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    image = rng.integers(0, 256, rng.integers(1, 20, 2)).astype(np.uint8)
    b = (rng.random(rng.integers(1, 6, 2)) < 0.5).astype(np.uint8)
    b[rng.integers(b.shape[0]), rng.integers(b.shape[1])] = 1
    return image, b


@given(cases())
def test_erosion_is_dilation_of_the_negative(case) -> None:
    image, b = case
    assert np.array_equal(
        morphology.erode(255 - image, b), 255 - morphology.dilate(image, b)
    )


@given(cases())
def test_true_opening_is_idempotent_and_never_brighter(case) -> None:
    image, b = case
    once = morphology.true_opening(image, b)
    assert (once <= image).all()
    assert np.array_equal(morphology.true_opening(once, b), once)


@given(cases())
def test_order_of_the_operations(case) -> None:
    """With the anchor in the element, erode <= x <= dilate."""
    image, b = case
    b[b.shape[0] // 2, b.shape[1] // 2] = 1
    assert (morphology.erode(image, b) <= image).all()
    assert (morphology.dilate(image, b) >= image).all()


@given(cases(), cases())
def test_dilations_in_a_row_are_one_by_the_sum(case, other) -> None:
    """By b, then by c: the same as by b dilated by c, off the border."""
    (image, b), (_, c) = case, other
    image = np.pad(
        image, 12, mode="reflect" if min(image.shape) > 1 else "edge"
    )
    h = b.shape[0] + c.shape[0] - 1
    w = b.shape[1] + c.shape[1] - 1
    both = np.zeros((h, w), np.uint8)
    for m, n in np.argwhere(c):
        both[m : m + b.shape[0], n : n + b.shape[1]] |= b
    anchor = (
        b.shape[1] // 2 + c.shape[1] // 2,
        b.shape[0] // 2 + c.shape[0] // 2,
    )
    inner = np.s_[10:-10, 10:-10]
    for operate in (morphology.erode, morphology.dilate):
        twice, once = (
            operate(operate(image, b), c),
            operate(image, both, anchor),
        )
        assert np.array_equal(twice[inner], once[inner])


def test_binary_and_gray_agree_at_every_threshold() -> None:
    image, b = data.camera()[:80, 200:280], sk.disk(2)
    whole = morphology.dilate(image, b)
    for t in range(0, 256, 15):
        mask = (image > t).astype(np.uint8)
        assert np.array_equal(morphology.dilate(mask, b), whole > t)


def test_iterated_cross_is_a_rhombus_and_square_a_square() -> None:
    dot = np.zeros((11, 11), np.uint8)
    dot[5, 5] = 1
    cross = morphology_elements.element("cross", 3, 3)
    assert np.array_equal(
        morphology.dilate(dot, cross, None, 3)[2:9, 2:9], sk.diamond(3)
    )
    square = morphology_elements.element("rectangle", 3, 3)
    assert morphology.dilate(dot, square, None, 3).sum() == 49


def test_gradient_of_a_flat_image_is_zero_up_to_its_rim() -> None:
    flat = np.full((12, 12), 90, np.uint8)
    b = morphology_elements.element("ellipse", 5, 5)
    assert not morphology.gradient(flat, b).any()
    assert morphology.erode(flat, b).min() == 90
    black = cv2.erode(flat, b, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    assert black[0].max() == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x, b: morphology.erode(x > 0, b), "image has type bool"),
        (lambda x, b: morphology.erode(x.astype(int), b), "type int64"),
        (lambda x, b: morphology.erode(x[0], b), r"image has shape \(20,\)"),
        (lambda x, b: morphology.erode(x, b * 0), "and 0 ones"),
        (lambda x, b: morphology.erode(x, b[0]), r"element has shape \(3,\)"),
        (lambda x, b: morphology.dilate(x, b, (3, 0)), r"\(3, 0\): not inside"),
        (
            lambda x, b: morphology_elements.element("disk", 3, 3),
            "shape is 'disk': it must be one of",
        ),
        (lambda x, b: morphology_elements.element("cross", 0, 3), "0 x 3"),
    ],
)
def test_bad_input_is_named(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(np.zeros((20, 20), np.uint8), np.ones((3, 3), np.uint8))


def test_opencv_refuses_booleans_and_keeps_the_values_of_masks() -> None:
    mask = data.horse()[:50, :60]
    b = np.ones((3, 3), np.uint8)
    with pytest.raises(cv2.error):
        cv2.erode(mask, b)
    for most in (1, 255):
        values = np.unique(cv2.erode(mask.astype(np.uint8) * most, b))
        assert set(values) <= {0, most}


def test_gaps_narrower_than_the_element_are_closed() -> None:
    x = np.zeros((9, 20), np.uint8)
    x[:, 3:7] = x[:, 10:15] = 255  # a gap of 3 columns
    three, four = np.ones((3, 3), np.uint8), np.ones((3, 5), np.uint8)
    assert np.array_equal(morphology.closing(x, three), x)
    assert morphology.closing(x, four)[4, 3:15].all()
