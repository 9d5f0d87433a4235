"""Where an image's container ends: bytes in, the offset behind the last byte out, 0 if it is cut.

Decoders stop at what they need: a GIF without trailer decodes, and what stands behind an end is
not seen by them at all, which is where another document could hide.
"""

import re
import struct
from collections.abc import Callable

from .errors import Code, SpritesError

_PACKED_CHUNKS = (b"zTXt", b"iTXt", b"iCCP")
_MOST_PACKED = 16
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""What ends a scan: no stuffed byte, no restart, no fill."""


def png_end(data: bytes) -> int:
    """Walk a PNG's chunks to IEND; a heap of packed texts, a megabyte each, is a bomb."""
    at, packed = 8, 0
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        at += 12 + length
        packed += kind in _PACKED_CHUNKS
        if packed > _MOST_PACKED:
            raise SpritesError(Code.BOMB, f"over {_MOST_PACKED} packed texts in one PNG")
        if kind == b"IEND":
            return at if at <= len(data) else 0
    return 0


def gif_end(data: bytes) -> int:
    """Walk a GIF's blocks to its trailer."""
    try:
        at = 13 + _colours(data[10])
        while (kind := data[at]) != 0x3B:
            if kind == 0x2C:  # an image: ten bytes of descriptor, a palette, the LZW code size
                at += 11 + _colours(data[at + 9])
            elif kind == 0x21:  # an extension: its label
                at += 2
            else:
                return 0
            while size := data[at]:
                at += size + 1
            at += 1
    except IndexError:
        return 0
    return at + 1


def _colours(flags: int) -> int:
    """Return the size of the palette that a byte of flags announces."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def jpeg_end(data: bytes) -> int:
    """Walk a JPEG's segments, and the coded data behind each start of a scan, to its end marker."""
    at = 2
    try:
        while data[at] == 0xFF:
            kind = data[at + 1]
            if kind == 0xD9:
                return at + 2
            if kind == 0xFF:  # a fill byte
                at += 1
                continue
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
            if kind == 0xDA:
                found = _JPEG_MARKER.search(data, at)
                at = found.start() if found else len(data)
    except IndexError:
        return 0
    return 0


def webp_end(data: bytes) -> int:
    """Read where a WebP's RIFF header says that it ends."""
    if data[8:12] != b"WEBP":
        raise SpritesError(Code.BAD_CONTENT, f"a RIFF file of {data[8:12]!r}")
    end: int = 8 + struct.unpack_from("<I", data, 4)[0]
    return end if end <= len(data) else 0


ENDS: dict[str, Callable[[bytes], int]] = {
    "PNG": png_end,
    "GIF": gif_end,
    "JPEG": jpeg_end,
    "WEBP": webp_end,
}
