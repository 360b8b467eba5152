"""Three ways to cut a side of a pixels into n bins, and when they agree.

    adaptive   floor(i a / n) .. ceil((i + 1) a / n)
    authors'   windows of a // n + a % n, one every a // n
    floor      windows of a // n side by side

All are the same where n divides a. Crops of 8 m - 7 pixels become maps of
m; the authors' 473 and 713 become 60 and 90, which 1, 2, 3 and 6 divide.

Sizes in pixels; a bin is its first pixel and the one after its last. Raises
ValueError unless 1 <= bins <= size.
"""

from examples.modules.pooling_adaptive import bins
from examples.modules.spp_bins import check_bins


# --8<-- [start:rules]
def sliding_windows(
    size: int, window: int, stride: int
) -> list[tuple[int, int]]:
    """What a pooling layer without padding makes."""
    starts = range(0, size - window + 1, stride)
    return [(start, start + window) for start in starts]


def authors_bins(size: int, out: int) -> list[tuple[int, int]]:
    check_bins(size, out)
    stride, left = divmod(size, out)
    return sliding_windows(size, stride + left, stride)


def floor_bins(size: int, out: int) -> list[tuple[int, int]]:
    check_bins(size, out)
    return sliding_windows(size, size // out, size // out)


# --8<-- [end:rules]
def main() -> None:
    print("image  map  adaptive            authors'            floor")
    for image in (473, 713, 512, 321, 97, 64):
        size = (image - 1) // 8 + 1
        told = []
        for rule in (bins, authors_bins, floor_bins):
            found = rule(size, 6)
            lengths = " ".join(str(b - a) for a, b in found)
            told.append(lengths if len(found) < 8 else f"{len(found)} bins")
        unseen = size - floor_bins(size, 6)[-1][1]
        row = f"{image:>5} {size:>4}  {told[0]:<20}{told[1]:<20}{told[2]}"
        print(row + (f", {unseen} unseen" if unseen else ""))
    fitting = [48 * m - 7 for m in range(1, 20)]
    near = [side for side in fitting if 400 < side < 800]
    print("crops whose maps 6 divides, 48 m - 7:", *near)


if __name__ == "__main__":
    main()
