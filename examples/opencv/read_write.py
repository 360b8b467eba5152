"""Reading and writing images so that a failure is told and nothing is lost.

imread answers None to every failure and imwrite answers False or raises.
Here Python moves the bytes, and OpenCV decodes and encodes in memory:

    file -> bytes -> imdecode -> image
    image -> imencode -> bytes -> file

Any path that Python can open will do, in any script. image is (h, w), gray,
(h, w, 3) BGR or (h, w, 4) BGRA. A file that exists is replaced in one step
by a complete new one, or it stays as it was.

Raises FileNotFoundError for a missing file or folder and ValueError for
bytes that are no whole image, an unknown mode or extension, an array that
the format has no place for, and a quality that it does not have.
"""

import contextlib
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from skimage import data

# --8<-- [start:read]
MODES = {
    "color": cv2.IMREAD_COLOR,  # (h, w, 3) uint8, B G R
    "rgb": cv2.IMREAD_COLOR_RGB,  # (h, w, 3) uint8, R G B
    "gray": cv2.IMREAD_ANYCOLOR,  # (h, w) uint8
    "unchanged": cv2.IMREAD_UNCHANGED,  # as stored, not even turned upright
}


def read_image(path: str | Path, mode: str = "color") -> np.ndarray:
    if mode not in MODES:
        raise ValueError(f"mode is {mode!r}; it must be in {list(MODES)}")
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"path is {str(file)!r}: no such file")
    stored = np.fromfile(file, np.uint8)
    try:
        image = cv2.imdecode(stored, MODES[mode]) if stored.size else None
    except cv2.error:  # the header claims more than 2 ** 30 pixels
        image = None
    if image is None:
        told = f"path is {str(file)!r}: {stored.size} bytes"
        raise ValueError(f"{told} are no whole image")
    if mode == "gray" and image.ndim == 3:  # one rule for every format
        return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return image


# --8<-- [end:read]
# --8<-- [start:formats]
BYTE, WORD, FLOAT = "uint8", "uint16", "float32"
FORMATS = {  # what each holds exactly: dtypes and numbers of channels
    ".png": ((BYTE, WORD), (1, 3, 4)),
    ".tif": ((BYTE, WORD, FLOAT), (1, 3, 4)),
    ".tiff": ((BYTE, WORD, FLOAT), (1, 3, 4)),
    ".bmp": ((BYTE,), (1, 3, 4)),
    ".webp": ((BYTE,), (3, 4)),  # opaque BGRA comes back as BGR
    ".jpg": ((BYTE,), (1, 3)),  # always lossy
    ".jpeg": ((BYTE,), (1, 3)),
}
QUALITY = {
    ".webp": cv2.IMWRITE_WEBP_QUALITY,
    ".jpg": cv2.IMWRITE_JPEG_QUALITY,
    ".jpeg": cv2.IMWRITE_JPEG_QUALITY,
}
LOSSLESS = {  # or the color of transparent pixels is thrown away
    ".webp": (
        cv2.IMWRITE_WEBP_LOSSLESS_MODE,
        cv2.IMWRITE_WEBP_LOSSLESS_PRESERVE_COLOR,
    )
}


def check_fits(extension: str, image: np.ndarray) -> None:
    if extension not in FORMATS:
        told = f"extension is {extension!r}"
        raise ValueError(f"{told}; it must be in {list(FORMATS)}")
    dtypes, channels = FORMATS[extension]
    if not isinstance(image, np.ndarray) or image.ndim not in (2, 3):
        told = getattr(image, "shape", type(image).__name__)
        raise ValueError(f"image is {told}, not (h, w) or (h, w, c)")
    if str(image.dtype) not in dtypes:
        told = f"image is {image.dtype}; {extension} holds {dtypes}"
        floating = np.issubdtype(image.dtype, np.floating)
        hint = ": scale and round it first" if floating else ""
        raise ValueError(told + hint)
    count = image.shape[2] if image.ndim == 3 else 1
    if count not in channels or image.size == 0:
        told = f"image is {image.shape}"
        raise ValueError(f"{told}; {extension} holds {channels} channels")


# --8<-- [end:formats]
# --8<-- [start:encode]
def encode(
    extension: str, image: np.ndarray, quality: int | None = None
) -> bytes:
    extension = extension.lower()
    check_fits(extension, image)
    parameters = LOSSLESS.get(extension, ())
    if quality is not None:
        if extension not in QUALITY:
            told = f"quality is {quality}"
            raise ValueError(f"{told}; {extension} is lossless, has none")
        if not (isinstance(quality, int) and 1 <= quality <= 100):
            raise ValueError(f"quality is {quality}; it must be 1 to 100")
        parameters = (QUALITY[extension], quality)
    done, encoded = cv2.imencode(extension, image, parameters)
    if not done:  # a JPEG side ends at 65500 pixels, a WebP side at 16383
        told = f"image is {image.shape}"
        raise ValueError(f"{told}; {extension} cannot be that large")
    return encoded.tobytes()


# --8<-- [end:encode]
# --8<-- [start:write]
def write_image(
    path: str | Path, image: np.ndarray, quality: int | None = None
) -> int:
    """Write the image and return the bytes that it takes."""
    file = Path(path)
    encoded = encode(file.suffix, image, quality)  # fails before any harm
    if not file.parent.is_dir():
        raise FileNotFoundError(f"path is {str(file)!r}: no such folder")
    part = file.with_name(f"{uuid.uuid4().hex}.part")
    try:
        part.write_bytes(encoded)
        part.replace(file)  # in one step: the old file or the new one
    finally:
        part.unlink(missing_ok=True)
    return len(encoded)


# --8<-- [end:write]
# --8<-- [start:demo]
def attempt(call: Callable[[], object]) -> None:
    try:
        call()
    except (FileNotFoundError, ValueError) as error:
        print(f"{type(error).__name__}: {error}")


def main() -> None:
    photo = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)
    deep = photo[..., 1].astype(np.uint16) * 257  # 255 * 257 = 65535
    cases = [("a.png", photo, None), ("b.png", deep, None)]
    cases += [("c.webp", photo, None), ("d.webp", photo, 90)]
    cases += [("e.jpg", photo, 90)]
    with tempfile.TemporaryDirectory() as home, contextlib.chdir(home):
        folder = Path("照片")  # "photographs"
        folder.mkdir()
        for name, image, quality in cases:
            size = write_image(folder / name, image, quality)
            back = read_image(folder / name, "unchanged")
            told = "exact" if np.array_equal(back, image) else "lossy"
            told = f"{size // 1000:>4} kB  {told}"
            print(f"{name:<6} {image.dtype!s:<6} {told}")
        half, whole = folder / "half.jpg", folder / "e.jpg"
        half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
        attempt(lambda: read_image(half))
        attempt(lambda: read_image(folder / "f.jpg"))
        attempt(lambda: read_image(whole, "grey"))
        attempt(lambda: write_image(whole, deep))
        attempt(lambda: write_image(whole.with_suffix(".gif"), photo))
        attempt(lambda: write_image(folder / "a.png", photo / 255))
        exact = np.array_equal(read_image(folder / "a.png"), photo)
        print("a.png after all that:", "exact" if exact else "lost")


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
