"""What an image's bytes say: whole or not, how large, how many frames; and nothing else counts."""

import tracemalloc
import zlib
from contextlib import suppress
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sprites.errors import Code, SpritesError
from sprites.worker.images import inspect
from sprites.worker.records import ImageFacts, Policy

from ..support.drawn import IMAGES, SVG, chunk, encoded, gif, png

LIMITS = Policy()
EXTENSIONS = {"image/png": "png", "image/gif": "gif", "image/jpeg": "jpg", "image/webp": "webp"}
NAMES = sorted(IMAGES)


def code_of(data: bytes, limits: Policy = LIMITS) -> Code:
    """Return the code that an image is refused with."""
    with pytest.raises(SpritesError) as caught:
        inspect(data, limits)
    return caught.value.code


@pytest.mark.parametrize("name", NAMES)
def test_a_whole_image_is_known_by_its_bytes(name: str) -> None:
    """Type, extension, size and frames are read from every format that upstream has."""
    data, media_type, frames = IMAGES[name]
    size = (40, 30) if name == "svg" else (12, 9)
    extension = EXTENSIONS.get(media_type, "svg")
    assert inspect(data, LIMITS) == ImageFacts(media_type, extension, *size, frames)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA", "I;16"])
def test_every_mode_of_a_png_is_read(mode: str) -> None:
    """Sprites come with palettes, in gray and with transparency."""
    assert inspect(encoded("PNG", mode=mode), LIMITS).media_type == "image/png"


@pytest.mark.parametrize("name", NAMES)
def test_an_image_cut_anywhere_is_refused(name: str) -> None:
    """However much of an image has come, less than all of it is never taken for whole."""
    data = IMAGES[name][0]
    for length in range(len(data)):
        assert code_of(data[:length]) in (Code.BAD_IMAGE, Code.BAD_CONTENT), length


@pytest.mark.parametrize("name", [name for name in NAMES if name != "svg"])
@pytest.mark.parametrize("tail", [b"\0", b"\n", b"<html>", b"<script>x</script>\xff\xd9"])
def test_bytes_behind_an_image_are_refused_unless_allowed(name: str, tail: bytes) -> None:
    """What follows an image's end could be another document; a setting lets it pass."""
    data = IMAGES[name][0] + tail
    assert code_of(data) is Code.TRAILING_DATA
    lenient = Policy(allow_trailing_data=True)
    assert inspect(data, lenient).frames == IMAGES[name][2]


def test_an_image_behind_another_is_trailing_data() -> None:
    """Two images in one file are one image and what follows it."""
    for name in ("png", "gif", "jpg", "webp"):
        assert code_of(IMAGES[name][0] * 2) is Code.TRAILING_DATA, name


def test_a_thumbnail_is_not_the_end_of_a_jpeg() -> None:
    """An end marker inside a segment belongs to the segment."""
    data = IMAGES["jpg"][0]
    inner = data[:40] + b"\xff\xd9"
    segment = b"\xff\xe1" + (len(inner) + 2).to_bytes(2, "big") + inner
    assert inspect(data[:2] + segment + data[2:], LIMITS).media_type == "image/jpeg"
    assert code_of((data[:2] + segment + data[2:])[:-2]) is Code.BAD_IMAGE


@pytest.mark.parametrize("bad", [1, 2])
def test_a_frame_that_cannot_be_decoded_is_found(bad: int) -> None:
    """Every frame is decoded: a whole container whose last frame is broken is ``bad_image``."""
    head, *frames = IMAGES["apng"][0].split(b"fcTL")
    assert len(frames) == 4
    broken = frames[bad]
    start = broken.index(b"fdAT")
    length = int.from_bytes(broken[start - 4 : start], "big")
    body = broken[start + 4 : start + 8] + bytes(length - 4)
    frames[bad] = broken[: start - 4] + chunk(b"fdAT", body) + broken[start + 8 + length :]
    assert code_of(b"fcTL".join([head, *frames])) is Code.BAD_IMAGE


@pytest.mark.parametrize("form", ["png", "apng", "gif-animated"])
def test_a_flipped_bit_is_found_or_harmless(form: str) -> None:
    """A damaged PNG is refused by its checksums; whatever the damage, nothing else escapes."""
    data = IMAGES[form][0]
    for place in range(len(data) - 4):  # the end chunk's own checksum guards nothing
        damaged = data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :]
        try:
            facts = inspect(damaged, LIMITS)
        except SpritesError:
            continue
        assert form == "gif-animated", place
        assert facts.media_type == "image/gif"


@given(st.sampled_from(NAMES), st.integers(0, 400), st.binary(min_size=1, max_size=30))
def test_any_damage_ends_in_facts_or_a_reason(name: str, place: int, damage: bytes) -> None:
    """Decoders raise errors of many kinds; here all of them become a SpritesError."""
    data = IMAGES[name][0]
    damaged = data[:place] + damage + data[place + len(damage) :]
    with suppress(SpritesError):
        assert inspect(damaged, LIMITS).frames > 0


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\x89PNG", b"<!doctype html><html></html>", b'{"error": "no"}', b"GIF", b"BM\x00"),
        *(b"%PDF-1.7", b"II*\x00\x08\x00", b"\x00\x00\x01\x00", b"RIFF\x04\x00\x00\x00WAVE"),
    ],
)
def test_what_is_no_image_is_bad_content(data: bytes) -> None:
    """HTML, JSON and formats that no browser shows are ``bad_content``, under whatever name."""
    assert code_of(data) is Code.BAD_CONTENT


def test_an_image_of_too_many_pixels_is_a_bomb() -> None:
    """100 megapixels in a few kilobytes are refused before they are decoded."""
    data = png(10_000, 10_000)
    assert len(data) < 20_000
    tracemalloc.start()
    code = code_of(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert code is Code.BOMB
    assert peak < 2**20


@pytest.mark.parametrize(("width", "height"), [(2**31 - 1, 1), (1, 2**31 - 1), (2**31 - 1,) * 2])
def test_an_absurd_size_is_refused(width: int, height: int) -> None:
    """A header may announce anything; nothing is allocated for it."""
    data = bytearray(png(8, 8))
    data[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    assert code_of(bytes(data)) is Code.BOMB


def test_limits_are_the_most_that_passes() -> None:
    """As many pixels and frames as the limits say pass, one more does not."""
    assert inspect(png(100, 10), Policy(max_pixels=1000, max_frames=1)).width == 100
    assert code_of(png(101, 10), Policy(max_pixels=1000, max_frames=1)) is Code.BOMB
    assert inspect(gif(9), Policy(max_pixels=1000, max_frames=9)).frames == 9
    assert code_of(gif(10), Policy(max_pixels=1000, max_frames=9)) is Code.BOMB


def test_a_gif_of_very_many_frames_is_a_bomb() -> None:
    """Frames cost time, and large canvases cost it again with each frame."""
    assert code_of(gif(20_000)) is Code.BOMB
    assert code_of(gif(900, 1000, 1000)) is Code.BOMB


def test_a_gif_of_very_many_blocks_takes_no_memory() -> None:
    """Comments of no text, very many of them, are walked one after another, and none is kept."""
    comments = b"!\xfe\0" * 100_000
    data = gif(1)[:-1] + comments + b";"
    tracemalloc.start()
    try:
        assert inspect(data, LIMITS).frames == 1
        assert tracemalloc.get_traced_memory()[1] < len(data) / 2
    finally:
        tracemalloc.stop()


def test_a_picture_that_a_gif_shows_often_is_decoded_once() -> None:
    """Each showing counts as a frame all the same."""
    with patch.object(Image, "new", wraps=Image.new) as decode:
        assert inspect(gif(9), LIMITS).frames == 9
    assert decode.call_count == 1


def test_packed_texts_in_a_png_are_a_bomb() -> None:
    """A megabyte of nothing in each of many text chunks is refused."""
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1_000_000)))
    assert inspect(png(8, 8, text), LIMITS).width == 8
    assert code_of(png(8, 8, *[text] * 60)) is Code.BOMB
    huge = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(60_000_000)))
    assert code_of(png(8, 8, huge)) is Code.BOMB


def test_an_svg_is_known_behind_a_byte_order_mark_and_blanks() -> None:
    """Upstream's SVGs begin with a declaration, blanks or a BOM, and are served as text."""
    for head in (b"", b"\xef\xbb\xbf", b"  \n"):
        body = SVG if head != b"  \n" else SVG.partition(b"?>")[2]
        assert inspect(head + body, LIMITS).media_type == "image/svg+xml"
