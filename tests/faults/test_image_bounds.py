"""X11, X12: what an image costs is counted before it is decoded, and its time while it is."""

import io
import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from sprites.errors import Code, SpritesError
from sprites.worker import images
from sprites.worker.records import Policy

from .costs import LIMITS, soon
from .lab import GIF, PNG, HereLab
from .test_content import chunk


def _gif(width: int, height: int, count: int, screen: tuple[int, int]) -> bytes:
    """Return a GIF of so many pictures of one colour on a screen that may be smaller than they.

    No two large ones have the same bytes, since a picture that comes again is not decoded again.
    """
    out = io.BytesIO()
    Image.new("L", (width, height)).save(out, "GIF")
    whole = out.getvalue()
    picture = whole[whole.index(b"\x2c\0\0\0\0") : -1]
    head = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80, 0, 0) + bytes(6)
    return head + b"".join(_cut(picture, number) for number in range(count)) + b"\x3b"


def _cut(picture: bytes, number: int) -> bytes:
    """Cut the first two blocks of a picture in two, for each number somewhere else."""
    if len(picture) < 1000:
        return picture
    first, second = picture[12:267], picture[268:523]
    places = (number % 254 + 1, number // 254 + 1)
    parts = (part for block, at in zip((first, second), places, strict=True)
             for part in (block[:at], block[at:]))  # fmt: skip
    return picture[:11] + b"".join(bytes([len(part)]) + part for part in parts) + picture[523:]


def _apng(side: int, count: int) -> bytes:
    """Return an animated PNG of one colour, whose frames lie over each other."""
    rows = zlib.compress((b"\0" + bytes(4 * side)) * side, 9)
    chunks = [chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0))]
    chunks += [chunk(b"acTL", struct.pack(">II", count, 0))]
    for number in range(count):
        place = struct.pack(">IIIIIHHBB", max(2 * number - 1, 0), side, side, 0, 0, 1, 10, 0, 1)
        chunks += [chunk(b"fcTL", place)]
        data = (b"IDAT", rows) if not number else (b"fdAT", struct.pack(">I", 2 * number) + rows)
        chunks += [chunk(*data)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + chunk(b"IEND", b"")


def _webp(side: int, count: int) -> bytes:
    """Return an animated WebP of many frames of one pixel that differ."""
    frames = [Image.new("RGB", (side, side), (number % 256, 9, 9)) for number in range(count)]
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    return out.getvalue()


@pytest.mark.parametrize(
    ("path", "make"),
    [
        (GIF, lambda: _gif(2000, 2000, 1000, (1, 1))),
        (GIF, lambda: _gif(2001, 2000, 1, (1, 1))),
        (GIF, lambda: _gif(1, 1, 1000, (400, 400))),
        (PNG, lambda: _apng(2000, 26)),
        (PNG, lambda: _webp(1, 1001)),
    ],
    ids=["gif", "gif-one", "gif-screen", "apng", "webp"],
)
def test_pixels_are_counted_as_they_are_decoded(
    lab: HereLab, path: str, make: Callable[[], bytes]
) -> None:
    """X11: all pictures of an image are added up, each at its own size, before any is decoded."""
    data = make()
    with soon(1), pytest.raises(SpritesError, match="over"):
        images.inspect(data, LIMITS)
    lab.api.put(path, data, "image/gif")
    run = lab.settle(lab.run(), 1, asked=1)
    assert run.codes == {"bomb": 1}
    lab.heal("--force")


def _scans(count: int) -> bytes:
    """Return a JPEG with so many scans more than its encoder made, each a whole one."""
    out = io.BytesIO()
    Image.new("RGB", (400, 400), (90, 50, 90)).save(out, "JPEG", progressive=True)
    data = out.getvalue()
    return data[:-2] + data[data.rindex(b"\xff\xda") : -2] * count + data[-2:]


def test_scans_of_a_jpeg_are_counted(lab: HereLab) -> None:
    """X12: 250,000 scans in 3.5 MB are a bomb before one is decoded; 90 are a picture."""
    assert images.inspect(_scans(80), LIMITS).media_type == "image/jpeg"
    data = _scans(250_000)
    with soon(1), pytest.raises(SpritesError, match="scans"):
        images.inspect(data, LIMITS)
    lab.api.put(PNG, data, "image/jpeg")
    run = lab.settle(lab.run(), 1, asked=1)
    assert run.codes == {"bomb": 1}
    lab.heal("--force")


@pytest.mark.parametrize(
    "marker", [b"\xff\x00", b"\xff\x01", b"\xff\xd0", b"\xff\xd8", b"\xff\xf0"]
)
def test_no_scan_hides_where_a_decoder_would_find_it(marker: bytes) -> None:
    """X12: a marker without a length is none with one, and the scans behind it count."""
    data = _scans(150)
    start = data.index(b"\xff\xda")
    hidden = data[:start] + marker + struct.pack(">H", len(data) - start + 2) + data[start:]
    with pytest.raises(SpritesError):
        images.inspect(hidden + b"\xff\xd9", LIMITS)


def test_what_a_jpeg_says_of_itself_is_not_read() -> None:
    """X12: Exif each of whose fields is all the rest, or Exif in 300,000 pieces, costs nothing."""
    field = b"".join(struct.pack("<HHLL", n, 7, 60_000, 8) for n in range(5000))
    tiff = b"II*\0" + struct.pack("<LH", 8, 5000) + field
    whole = b"\xff\xe1" + struct.pack(">H", len(tiff) + 8) + b"Exif\0\0" + tiff
    piece = b"\xff\xe1\0\x0cExif\0\0" + b"abcd"
    for texts in (whole, piece * 300_000, b"\xff\xfe\0\2" * 100_000):
        data = _scans(1)
        with soon(2):
            images.inspect(data[:2] + texts + data[20:], LIMITS)


@pytest.mark.parametrize(
    "make", [lambda: _gif(2000, 2000, 25, (9, 9)), lambda: _apng(1000, 60), lambda: _webp(400, 200)]
)
def test_time_is_looked_at_between_frames(make: Callable[[], bytes]) -> None:
    """X12: an image that costs more CPU time than there is ends as a bomb after the next frame."""
    data = make()
    assert images.inspect(data, LIMITS).frames > 1
    with soon(0.5), pytest.raises(SpritesError, match="not decoded within") as caught:
        images.inspect(data, Policy(), 0.01)
    assert caught.value.code is Code.BOMB


def test_the_time_of_a_job_covers_what_is_done_with_its_bytes(lab: HereLab) -> None:
    """X12: an image that the site's own limits let through is given up after ``TIMEOUT``, once."""
    lab.options(MAX_PIXELS=10**9, TIMEOUT=3)
    lab.api.put(GIF, _gif(2000, 2000, 1000, (1, 1)), "image/gif")
    run = lab.settle(lab.run(), 1, asked=1, within=60)
    assert run.codes == {"bomb": 1}
    assert "CPU time" in run.report["failures"][0]["detail"]
    lab.heal("--force")
