"""What each flag of imread makes of the same files, asked of OpenCV.

The files are PNG, made in memory: gray and color, with alpha, of 8 and of
16 bits. The sideways one carries the EXIF orientation 6, "turn me a quarter
clockwise", as a telephone held upright writes it.
"""

import struct

import cv2
import numpy as np
from matplotlib.figure import Figure
from skimage import data

FLAGS = {
    "COLOR": cv2.IMREAD_COLOR,
    "COLOR_RGB": cv2.IMREAD_COLOR_RGB,
    "GRAYSCALE": cv2.IMREAD_GRAYSCALE,
    "ANYDEPTH": cv2.IMREAD_ANYDEPTH,
    "ANYCOLOR": cv2.IMREAD_ANYCOLOR,
    "ANYCOLOR | ANYDEPTH": cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH,
    "UNCHANGED": cv2.IMREAD_UNCHANGED,
}


def decoded(stored: np.ndarray, flag: int = cv2.IMREAD_COLOR) -> np.ndarray:
    image = cv2.imdecode(stored, flag)
    if image is None:
        raise ValueError(f"stored is {stored.size} bytes; no whole image")
    return image


# --8<-- [start:exif]
def exif(orientation: int) -> np.ndarray:
    """The shortest EXIF block: one entry, tag 0x0112, one 16-bit number."""
    entry = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    block = b"MM\x00*" + struct.pack(">IH", 8, 1) + entry + bytes(4)
    return np.array(bytearray(block))


def encode_turned(
    extension: str, image: np.ndarray, orientation: int
) -> np.ndarray:
    kinds, blocks = [cv2.IMAGE_METADATA_EXIF], [exif(orientation)]
    _, stored = cv2.imencodeWithMetadata(extension, image, kinds, blocks)
    return stored


# --8<-- [end:exif]
# --8<-- [start:table]
def files() -> dict[str, np.ndarray]:
    color = np.zeros((4, 6, 3), np.uint8)
    alpha = np.zeros((4, 6, 4), np.uint8)
    images = {
        "gray": color[..., 0],
        "color": color,
        "alpha": alpha,
        "gray16": color[..., 0].astype(np.uint16),
        "alpha16": alpha.astype(np.uint16),
    }
    made = {name: cv2.imencode(".png", i)[1] for name, i in images.items()}
    return made | {"sideways": encode_turned(".png", color, 6)}


def table() -> dict[str, dict[str, str]]:
    """By flag and by file: channels and bits, height × width if turned."""
    answers: dict[str, dict[str, str]] = {}
    for flag, value in FLAGS.items():
        for name, stored in files().items():
            image = decoded(stored, value)
            channels = image.shape[2] if image.ndim == 3 else 1
            told = f"{channels} × {image.dtype.itemsize * 8}"
            if "sideways" in name:
                told = f"{image.shape[0]} × {image.shape[1]}"
            answers.setdefault(flag, {})[name] = told
    return answers


# --8<-- [end:table]
def picture() -> Figure:
    """One PNG of 16 bits with alpha, sideways, under six flags."""
    photo = data.astronaut()[0:256, 112:336]
    h, w = photo.shape[:2]
    y, x = np.mgrid[:h, :w]
    outside = (y - h / 2) ** 2 + (x - w / 2) ** 2 > (0.49 * w) ** 2
    alpha = np.where(outside, 0, 255).astype(np.uint8)
    bgra = np.dstack([photo[..., ::-1], alpha]).astype(np.uint16) * 257
    stored = encode_turned(".png", cv2.rotate(bgra, 2), 6)
    figure = Figure(figsize=(6.4, 6.5), layout="constrained")
    names = [name for name in FLAGS if name != "ANYCOLOR"]
    for axes, name in zip(figure.subplots(2, 3).flat, names, strict=True):
        image = decoded(stored, FLAGS[name])
        shown = image // 257 if image.dtype == np.uint16 else image
        axes.imshow(shown.astype(np.uint8), vmin=0, vmax=255)
        axes.set_title(f"{name}\n{image.shape}\n{image.dtype}")
        axes.axis("off")
    return figure


# --8<-- [start:demo]
def main() -> None:
    answers = table()
    print("channels × bits of the array; height × width for the last file")
    print(" " * 20, *(f"{name:>8}" for name in files()))
    for flag, row in answers.items():
        print(f"{flag:<20}", *(f"{told:>8}" for told in row.values()))


# --8<-- [end:demo]
if __name__ == "__main__":
    main()
