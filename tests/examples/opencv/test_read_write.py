"""Files against decoders that share no code, and every way to fail."""

import contextlib
import io
import re
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps
from skimage import data

from examples.opencv import read_write
from examples.opencv.read_write import FORMATS, read_image, write_image
from examples.opencv.read_write_flags import encode_turned
from tests.mutants import mutate

Store = Callable[[str, np.ndarray], Path]


def random_image(
    dtype: str, channels: int, seed: int, size: tuple[int, int] = (37, 53)
) -> np.ndarray:
    random = np.random.default_rng(seed)
    shape = size if channels == 1 else (*size, channels)
    if dtype == "float32":
        return random.normal(size=shape).astype(np.float32)
    image = random.integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)
    if channels == 4:
        image[: size[0] // 2, ..., 3] = 0  # transparent, with a color
    return image


EXACT = [
    (extension, dtype, channels)
    for extension, (dtypes, counts) in FORMATS.items()
    if not extension.startswith(".jp")
    for dtype in dtypes
    for channels in counts
]


def png_by_hand(stored: bytes) -> np.ndarray:
    """An 8- or 16-bit PNG without interlace, from zlib and the standard."""
    assert stored[:8] == b"\x89PNG\r\n\x1a\n"
    place, pixels, header = 8, b"", b""
    while place < len(stored):
        size = int.from_bytes(stored[place : place + 4])
        kind = stored[place + 4 : place + 8]
        body = stored[place + 8 : place + 8 + size]
        header = body if kind == b"IHDR" else header
        pixels += body if kind == b"IDAT" else b""
        place += size + 12
    w, h = int.from_bytes(header[:4]), int.from_bytes(header[4:8])
    bits, channels = header[8], {0: 1, 2: 3, 4: 2, 6: 4}[header[9]]
    step = channels * bits // 8
    flat = np.frombuffer(zlib.decompress(pixels), np.uint8)
    rows = flat.reshape(h, 1 + w * step).astype(int)
    out = np.zeros((h + 1, w * step + step), int)  # a border of zeros
    for y, (kind, *row) in enumerate(rows, 1):
        for x, value in enumerate(row, step):
            left, up = int(out[y, x - step]), int(out[y - 1, x])
            corner = int(out[y - 1, x - step])
            guess = left + up - corner
            ranked = sorted(
                (left, up, corner),
                key=lambda v: abs(guess - v),
            )
            add = (0, left, up, (left + up) // 2, ranked[0])[kind]
            out[y, x] = (value + add) % 256
    bytes_ = out[1:, step:].astype(np.uint8).tobytes()
    image = np.frombuffer(bytes_, ">u2" if bits == 16 else np.uint8)
    image = image.astype(np.uint16 if bits == 16 else np.uint8)
    return image.reshape((h, w, channels) if channels > 1 else (h, w))


def lzw_by_hand(packed: bytes) -> bytes:
    """The LZW of TIFF: codes of 9 to 12 bits that grow one code early."""
    out, table, previous = bytearray(), [b""], b""
    kept = bits = 0
    width = 9
    for byte in packed:
        kept, bits = kept << 8 | byte, bits + 8
        if bits < width:
            continue
        bits -= width
        code, kept = kept >> bits, kept & ((1 << bits) - 1)
        if code == 257:
            break
        if code == 256:
            table = [bytes([n]) for n in range(256)] + [b"", b""]
            previous, width = b"", 9
            continue
        fresh = code == len(table)
        entry = previous + previous[:1] if fresh else table[code]
        out += entry
        if previous:
            table.append(previous + entry[:1])
        previous = entry
        width = min(12, (len(table) + 1).bit_length())
    return bytes(out)


def tiff_by_hand(file: Path) -> np.ndarray:
    """Strips unpacked and the differences along each row summed up."""
    with tifffile.TiffFile(file) as opened:
        page = opened.pages[0]
        stored = file.read_bytes()
        strips = [
            stored[start : start + size]
            for start, size in zip(
                page.dataoffsets, page.databytecounts, strict=True
            )
        ]
        if page.compression == 5:
            strips = [lzw_by_hand(strip) for strip in strips]
        image = np.frombuffer(b"".join(strips), page.dtype)
        image = image.reshape(page.shape)
        if page.predictor == 2:
            return np.cumsum(image, axis=1, dtype=page.dtype)
        return image


def bmp_by_hand(stored: bytes) -> np.ndarray:
    """Rows from the last to the first, each padded to four bytes, BGR."""
    start = int.from_bytes(stored[10:14], "little")
    w, h = (int(n) for n in np.frombuffer(stored, "<i4", 2, 18))
    channels = stored[28] // 8
    row = (w * channels + 3) // 4 * 4
    rows = np.frombuffer(stored, np.uint8, h * row, start).reshape(h, row)
    image = rows[::-1, : w * channels].reshape(h, w, channels)
    return to_rgb(image[..., 0] if channels == 1 else image)


def to_rgb(image: np.ndarray) -> np.ndarray:
    """BGR or BGRA to RGB or RGBA, without OpenCV."""
    if image.ndim == 2:
        return image
    return image[..., [2, 1, 0, 3][: image.shape[2]]]


def by_others(file: Path) -> np.ndarray:
    """What a decoder that is not OpenCV's reads, in RGB order."""
    if file.suffix == ".png":
        return png_by_hand(file.read_bytes())
    if file.suffix in (".tif", ".tiff"):
        return tiff_by_hand(file)
    if file.suffix == ".bmp":
        return bmp_by_hand(file.read_bytes())
    with Image.open(file) as image:
        return np.array(image)


def differing(module: ModuleType, folder: Path) -> dict[str, int]:
    """Values that come back otherwise, by us and by others, per format."""
    wrong: dict[str, int] = {}
    for seed, (extension, dtype, channels) in enumerate(EXACT):
        image = random_image(dtype, channels, seed)
        file = folder / f"图像 {seed}{extension}"
        module.write_image(file, image)
        again = module.read_image(file, "unchanged")
        others = by_others(file)
        for back, true in ((again, image), (others, to_rgb(image))):
            same = back.shape == true.shape and back.dtype == true.dtype
            missed = np.count_nonzero(back != true) if same else true.size
            wrong[extension] = wrong.get(extension, 0) + int(missed)
    return wrong


REFERENCES = {
    ".png": "zlib.decompress",
    ".tif": "tifffile.TiffFile",
    ".webp": "PIL.Image.open",
    ".bmp": "numpy.frombuffer",
}


def test_lossless_files_hold_every_value(proof, tmp_path: Path) -> None:
    wrong = differing(read_write, tmp_path)
    for extension, reference in REFERENCES.items():
        images = sum(e == extension for e, *_ in EXACT)
        proof(
            ours="write_image",
            reference=reference,
            case=f"{extension}, {images} random images",
            differing=wrong[extension],
        )
    assert not any(wrong.values())


PILLOW_MODES = ["1", "L", "LA", "P", "RGB", "RGBA"]


def reading(module: ModuleType, folder: Path) -> tuple[int, int]:
    """Files of Pillow's making read in color: how many, values that differ."""
    portrait = Image.fromarray(data.astronaut()[:120, :100])
    files = wrong = 0
    for mode in PILLOW_MODES:
        for extension in (".png", ".tif", ".bmp", ".webp"):
            if mode in ("LA", "RGBA") and extension != ".png":
                continue  # alpha is another matter in each of them
            file = folder / f"by_pillow{mode}{extension}"
            quality = {"lossless": True} if extension == ".webp" else {}
            portrait.convert(mode).save(file, **quality)
            with Image.open(file) as image:
                true = np.array(image.convert("RGBA"))[..., :3]
            rgb, bgr = (module.read_image(file, m) for m in ("rgb", "color"))
            wrong += np.count_nonzero(rgb != true)
            wrong += np.count_nonzero(bgr != true[..., ::-1])
            files += 1
    return files, int(wrong)


def test_reads_what_pillow_wrote(proof, tmp_path: Path) -> None:
    files, wrong = reading(read_write, tmp_path)
    proof(
        ours="read_image",
        reference="PIL.Image.open",
        case=f"color and rgb, {files} files",
        differing=wrong,
    )
    assert wrong == 0


def turned(module: ModuleType, folder: Path) -> int:
    image = data.astronaut()[:90, :60, ::-1].copy()
    wrong = 0
    for orientation in range(1, 9):
        for extension in (".jpg", ".png", ".webp"):
            file = folder / f"turned{extension}"
            file.write_bytes(encode_turned(extension, image, orientation))
            with Image.open(file) as opened:
                upright = np.array(ImageOps.exif_transpose(opened))
            back = module.read_image(file, "rgb")
            same = back.shape == upright.shape
            off = np.abs(back.astype(int) - upright).max() if same else 255
            wrong += int(off > 2)  # another build may round JPEG otherwise
    return wrong


def test_turns_photographs_upright(proof, tmp_path: Path) -> None:
    wrong = turned(read_write, tmp_path)
    proof(
        ours="read_image",
        reference="PIL.ImageOps.exif_transpose",
        case="8 orientations, 3 formats",
        differing=wrong,
    )
    assert wrong == 0


def test_unchanged_leaves_photographs_sideways(tmp_path: Path) -> None:
    file = tmp_path / "sideways.png"
    file.write_bytes(encode_turned(".png", random_image("uint8", 3, 0), 6))
    assert read_image(file).shape == (53, 37, 3)
    assert read_image(file, "gray").shape == (53, 37)
    assert read_image(file, "unchanged").shape == (37, 53, 3)


def test_lossy_files_decode_alike(tmp_path: Path) -> None:
    for extension in (".jpg", ".jpeg", ".webp"):
        file = tmp_path / f"lossy{extension}"
        write_image(file, data.astronaut()[..., ::-1].copy(), 80)
        with Image.open(file) as image:
            true = np.array(image)
        off = np.abs(read_image(file, "rgb").astype(int) - true)
        assert off.max() <= 2


def grays(module: ModuleType, folder: Path) -> int:
    """Gray is one function of the colors, whatever the lossless format."""
    bgr = data.astronaut()[..., ::-1].copy()
    true = np.rint(bgr.astype(np.float64) @ (0.114, 0.587, 0.299))
    wrong = 0
    readings = []
    for extension in (".png", ".bmp", ".tif", ".webp"):
        file = folder / f"gray{extension}"
        module.write_image(file, bgr)
        readings.append(module.read_image(file, "gray"))
        off = np.abs(readings[-1] - true) if readings[-1].ndim == 2 else 9
        wrong += int((off > 1).sum()) if readings[-1].ndim == 2 else 1
    wrong += sum(not np.array_equal(r, readings[0]) for r in readings)
    level = random_image("uint8", 1, 0)
    module.write_image(folder / "level.png", level)
    wrong += not np.array_equal(
        module.read_image(folder / "level.png", "gray"), level
    )
    return wrong


def test_gray_does_not_depend_on_the_format(tmp_path: Path) -> None:
    assert grays(read_write, tmp_path) == 0


def test_deep_files_keep_their_upper_byte(tmp_path: Path) -> None:
    deep = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    write_image(tmp_path / "deep.png", deep)
    assert np.array_equal(read_image(tmp_path / "deep.png", "gray"), deep >> 8)
    low = cv2.imdecode(cv2.imencode(".bmp", deep)[1], cv2.IMREAD_UNCHANGED)
    assert np.array_equal(low, np.minimum(deep, 255))  # writing saturates


def test_quality_trades_bytes_for_error(tmp_path: Path) -> None:
    photo = data.astronaut()[..., ::-1].copy()
    for extension in (".jpg", ".webp"):
        sizes, errors = [], []
        for quality in (1, 20, 50, 80, 100):
            file = tmp_path / f"photo{extension}"
            sizes.append(write_image(file, photo, quality))
            assert file.stat().st_size == sizes[-1]
            errors.append(np.abs(read_image(file) - photo.astype(int)).mean())
        assert sizes == sorted(sizes) and len(set(sizes)) == 5
        assert errors == sorted(errors, reverse=True)


MUTANTS = {
    "color in the other order": ("cv2.IMREAD_COLOR,", "cv2.IMREAD_COLOR_RGB,"),
    "rgb in the other order": ("cv2.IMREAD_COLOR_RGB,", "cv2.IMREAD_COLOR,"),
    "unchanged loses depth and alpha": (
        "cv2.IMREAD_UNCHANGED,",
        "cv2.IMREAD_ANYCOLOR,",
    ),
    "gray by the decoder": ("cv2.IMREAD_ANYCOLOR,", "cv2.IMREAD_GRAYSCALE,"),
    "gray from the wrong order": ("COLOR_BGR2GRAY", "COLOR_RGB2GRAY"),
    "orientation ignored": (
        "cv2.IMREAD_COLOR_RGB,",
        "cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION,",
    ),
    "transparent colors thrown away": (
        "cv2.IMWRITE_WEBP_LOSSLESS_PRESERVE_COLOR",
        "cv2.IMWRITE_WEBP_LOSSLESS_ON",
    ),
    "a lossy WebP": ("LOSSLESS.get(extension, ())", "(64, 90)"),
    "bytes cut off": ("write_bytes(encoded)", "write_bytes(encoded[:-400])"),
}


@pytest.mark.parametrize("mutation", MUTANTS)
def test_the_comparison_notices_the_mutant(
    mutation: str, tmp_path: Path
) -> None:
    mutant = mutate(read_write, *MUTANTS[mutation])
    try:
        wrong = sum(differing(mutant, tmp_path).values())
        wrong += reading(mutant, tmp_path)[1] + turned(mutant, tmp_path)
        wrong += grays(mutant, tmp_path)
    except (ValueError, OSError, zlib.error, tifffile.TiffFileError):
        wrong = 1
    assert wrong


@pytest.mark.parametrize("extension", [".png", ".jpg", ".webp", ".bmp", ".tif"])
def test_a_part_of_a_file_is_no_image(tmp_path: Path, extension: str) -> None:
    file = tmp_path / f"photo{extension}"
    write_image(file, data.astronaut()[:64, :64, ::-1].copy())
    whole = file.read_bytes()
    for percent in (0, 1, 5, 20, 50, 80, 95):
        part = whole[: len(whole) * percent // 100]
        file.write_bytes(part)
        with pytest.raises(ValueError, match=f"{len(part)} bytes are no whole"):
            read_image(file)


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(junk: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "junk.png")
        for start in (
            b"",
            b"\x89PNG\r\n\x1a\n",
            b"BM",
            b"\xff\xd8\xff",
            b"II*\0",
        ):
            file.write_bytes(start + junk)
            with contextlib.suppress(ValueError):
                assert read_image(file).ndim == 3


def test_a_header_of_too_many_pixels_is_a_value_error(tmp_path: Path) -> None:
    size = (40000).to_bytes(4)
    body = b"IHDR" + size + size + bytes((8, 0, 0, 0, 0))
    chunk = (13).to_bytes(4) + body + zlib.crc32(body).to_bytes(4)
    file = tmp_path / "huge.png"
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk)
    with pytest.raises(ValueError, match="no whole image"):
        read_image(file)


class TestNothingIsLost:
    """Whatever goes wrong, the file that was there is still there."""

    OLD = np.full((8, 8), 7, np.uint8)

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        write_image(tmp_path / "old.jpg", self.OLD)
        return tmp_path / "old.jpg"

    def untouched(self, file: Path) -> bool:
        alone = [p.name for p in file.parent.iterdir()] == ["old.jpg"]
        return alone and read_image(file, "gray").shape == (8, 8)

    def test_image_that_the_format_cannot_hold(self, file: Path) -> None:
        wide = np.zeros((1, 70000), np.uint8)
        with pytest.raises(ValueError, match="cannot be that large"):
            write_image(file, wide)
        assert self.untouched(file)
        assert not cv2.imwrite(str(file), wide)
        assert not file.exists()  # imwrite has deleted it

    @staticmethod
    def full_disk(path: Path, encoded: bytes) -> None:
        with path.open("wb") as part:
            part.write(encoded[: len(encoded) // 2])
        raise OSError(28, "No space left on device")

    def fails_safely(self, module: ModuleType, file: Path) -> bool:
        with pytest.raises(OSError, match="No space left"):
            module.write_image(file, np.zeros((99, 99), np.uint8))
        try:
            return self.untouched(file)
        except ValueError:
            return False

    def test_full_disk(
        self, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Path, "write_bytes", self.full_disk)
        assert self.fails_safely(read_write, file)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("part.write_bytes(encoded)", "file.write_bytes(encoded)"),
            ("part.unlink(missing_ok=True)", "pass"),
        ],
    )
    def test_full_disk_notices_the_mutant(
        self, file: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str
    ) -> None:
        monkeypatch.setattr(Path, "write_bytes", self.full_disk)
        assert not self.fails_safely(mutate(read_write, old, new), file)

    def test_permissions_are_those_of_any_new_file(self, file: Path) -> None:
        ordinary = file.with_name("ordinary")
        ordinary.write_bytes(b"")
        assert file.stat().st_mode == ordinary.stat().st_mode

    @pytest.mark.skipif(
        not Path("/dev/full").exists(), reason="a device of Linux"
    )
    def test_tofile_hides_a_full_disk_and_write_bytes_does_not(self) -> None:
        image = np.zeros(10, np.uint8)
        image.tofile("/dev/full")
        with pytest.raises(OSError, match="No space left"):
            Path("/dev/full").write_bytes(image)


def test_imread_takes_half_a_jpeg_for_an_image(tmp_path: Path) -> None:
    whole = cv2.imencode(".jpg", data.astronaut())[1]
    half = whole[: whole.size // 2]
    (tmp_path / "half.jpg").write_bytes(half)
    image = cv2.imread(str(tmp_path / "half.jpg"))
    assert image is not None
    assert image.shape == (512, 512, 3)
    assert (image[400:] == 128).all()
    assert cv2.imdecode(half, cv2.IMREAD_COLOR) is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_imread_loses_sideways_tiff_files(
    tmp_path: Path, orientation: int
) -> None:
    file = tmp_path / "turned.tif"
    tags = Image.Exif()
    tags[0x0112] = orientation
    Image.fromarray(data.astronaut()[:90, :60]).save(file, exif=tags)
    assert (cv2.imread(str(file)) is None) == (orientation >= 5)
    with Image.open(file) as image:
        upright = np.array(ImageOps.exif_transpose(image))
    assert np.array_equal(read_image(file, "rgb"), upright)
    assert read_image(file, "unchanged").shape == upright.shape


def test_opaque_alpha_of_webp_comes_back_without_it(tmp_path: Path) -> None:
    image = random_image("uint8", 4, 0)
    image[..., 3] = 255
    write_image(tmp_path / "opaque.webp", image)
    again = read_image(tmp_path / "opaque.webp", "unchanged")
    assert np.array_equal(again, image[..., :3])


COLOR, GRAY = np.zeros((4, 5, 3), np.uint8), np.zeros((4, 5), np.uint8)


@pytest.mark.parametrize(
    ("name", "image", "quality", "message"),
    [
        ("a.xyz", COLOR, None, "extension is '.xyz'; it must be in ['.png'"),
        ("a", COLOR, None, "extension is ''"),
        ("a.png", None, None, "image is NoneType, not (h, w) or (h, w, c)"),
        ("a.png", np.zeros(5, np.uint8), None, "image is (5,), not (h, w)"),
        ("a.png", COLOR / 255, None, "float64; .png holds ('uint8', 'uint16'): scale"),
        ("a.jpg", COLOR.astype(np.uint16), None, "image is uint16; .jpg holds"),
        ("a.png", GRAY > 0, None, "image is bool; .png holds"),
        ("a.png", GRAY.astype(int), None, "image is int64; .png holds"),
        ("a.png", COLOR[..., :2], None, "(4, 5, 2); .png holds (1, 3, 4) channels"),
        ("a.webp", GRAY, None, "(4, 5); .webp holds (3, 4) channels"),
        ("a.jpg", np.dstack([COLOR, GRAY]), None, "(4, 5, 4); .jpg holds (1, 3)"),
        ("a.png", COLOR[:0], None, "image is (0, 5, 3)"),
        ("a.png", COLOR, 90, "quality is 90; .png is lossless"),
        ("a.jpg", COLOR, 0, "quality is 0; it must be 1 to 100"),
        ("a.jpg", COLOR, 101, "quality is 101; it must be 1 to 100"),
        ("a.webp", COLOR, 0.9, "quality is 0.9; it must be 1 to 100"),
    ],
)  # fmt: skip
def test_bad_images_are_named(
    tmp_path: Path, name: str, image: object, quality: object, message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        write_image(tmp_path / name, image, quality)
    assert not list(tmp_path.iterdir())


def test_bad_paths_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.png.: no such file"):
        read_image(tmp_path / "nothing.png")
    with pytest.raises(FileNotFoundError, match="no such file"):
        read_image(tmp_path)
    with pytest.raises(FileNotFoundError, match="no such folder"):
        write_image(tmp_path / "没有" / "a.png", COLOR)
    with pytest.raises(ValueError, match="mode is 'grey'; it must be in"):
        read_image(tmp_path / "nothing.png", "grey")


def test_extension_may_be_in_capitals(tmp_path: Path) -> None:
    write_image(tmp_path / "A.PNG", COLOR + np.uint8(9))
    with Image.open(tmp_path / "A.PNG") as image:
        assert image.format == "PNG"
        assert np.array(image).min() == 9


def test_pillow_reads_quality_from_the_tables() -> None:
    """95 is what OpenCV takes when nothing is said."""
    photo = data.astronaut()
    said = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, 95])[1]
    unsaid = cv2.imencode(".jpg", photo)[1]
    assert np.array_equal(said, unsaid)
    with Image.open(io.BytesIO(unsaid.tobytes())) as image:
        assert image.layer[0][1:3] == (2, 2)  # half the color both ways
