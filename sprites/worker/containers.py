"""Where an image's container ends: each ``…_end`` returns that offset, or 0 if the image is cut.

Decoders read what they need and no more. They take a GIF without its trailer, and do not see what
stands behind an image's end, where another document could hide.
"""

import re
import struct
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from ..errors import Code, SpritesError

_GIF_PICTURE, _GIF_EXTENSION, _GIF_TRAILER = b",!;"
_JPEG_MARKER = re.compile(rb"\xff+([\xc0-\xcf\xd9-\xfe])")
"""The start of a segment, or the end of the image; any number of fill bytes may come first."""
_JPEG_END, _JPEG_SCAN = 0xD9, 0xDA
_JPEG_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""The end of a scan: a marker that is no stuffed byte, no restart and no fill."""
_JPEG_TEXTS = frozenset({*range(0xE1, 0xF0), 0xFE}) - {0xEE}
"""Comments and applications' own segments, but for JFIF's and Adobe's: they bear on the pixels."""
_MAX_SCANS = 100
"""Scans of one JPEG, each of which goes over the whole picture; encoders make about ten."""


class GifFrame(NamedTuple):
    """One picture of a GIF: its size in pixels and how its coded bytes are to be read."""

    width: int
    height: int
    interlaced: bool
    code_size: int
    coded: bytes


def gif_end(data: bytes) -> int:
    """Walk a GIF's blocks to its trailer."""
    try:
        ((_, _, end),) = deque(_gif_blocks(data), maxlen=1)
        return end + 1 if data[end] == _GIF_TRAILER else 0
    except (IndexError, ValueError):  # cut, or without any block
        return 0


def gif_frames(data: bytes) -> Iterator[GifFrame]:
    """Yield the pictures of a GIF that is known to be whole."""
    for start, body, end in _gif_blocks(data):
        if data[start] == _GIF_PICTURE:
            width, height, flags = struct.unpack_from("<HHB", data, start + 5)
            interlaced = bool(flags & 0x40)
            yield GifFrame(width, height, interlaced, data[body - 1], data[body:end])


def _gif_blocks(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield where each block starts, where its chain of sub-blocks does, and where the next one is.

    Ends at the trailer or at a block of an unknown kind; raises IndexError where a GIF is cut.
    """
    at = 13 + _colours(data[10])
    while (kind := data[at]) in (_GIF_PICTURE, _GIF_EXTENSION):
        start = at
        # a picture: ten bytes of descriptor, a palette, the LZW code size; else a label
        at += 11 + _colours(data[at + 9]) if kind == _GIF_PICTURE else 2
        body = at
        while size := data[at]:
            at += size + 1
        at += 1
        yield start, body, at


def _colours(flags: int) -> int:
    """Return the size of the palette that a byte of flags announces."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def jpeg_end(data: bytes) -> int:
    """Walk a JPEG's segments to its end marker; raises SpritesError for very many scans."""
    scans = 0
    for kind, _, end in _jpeg_segments(data):
        scans += kind == _JPEG_SCAN
        if scans > _MAX_SCANS:
            raise SpritesError(Code.BOMB, f"over {_MAX_SCANS} scans in one JPEG")
        if kind == _JPEG_END:
            return end
    return 0


def jpeg_bare(data: bytes) -> bytes:
    """Return a whole JPEG without its texts: Pillow would unpack its Exif, which can be a bomb."""
    parts = _jpeg_segments(data)
    return data[:2] + b"".join(data[at:end] for kind, at, end in parts if kind not in _JPEG_TEXTS)


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the kind of each segment, where it starts, and where it ends with the data coded in it.

    Stops behind the end marker, and where a JPEG is cut or has bytes that are no segment. A decoder
    would search those for the next segment, and might find more than was counted here.
    """
    at = 2
    while found := _JPEG_MARKER.match(data, at):
        kind, start, at = found[1][0], found.start(), found.end()
        if kind == _JPEG_END:
            yield kind, start, at
            return
        size = int.from_bytes(data[at : at + 2], "big")
        at += size
        if kind == _JPEG_SCAN and (coded := _JPEG_SCAN_END.search(data, at)):
            at = coded.start()
        if size < 2 or at > len(data):
            return
        yield kind, start, at


def webp_end(data: bytes) -> int:
    """Read where a WebP's RIFF header says that it ends."""
    if data[8:12] != b"WEBP":
        raise SpritesError(Code.BAD_CONTENT, f"a RIFF file of {data[8:12]!r}")
    end: int = 8 + struct.unpack_from("<I", data, 4)[0]
    return end if end <= len(data) else 0
