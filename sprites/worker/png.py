"""A PNG's chunks: where they end, and whether its picture is whole, without making an image of it.

Pillow knows more of PNGs and takes several times as long. So ``is_plain`` says yes to common ones
alone: what is interlaced, animated or in any way odd may be whole as well, and is left to Pillow.
"""

import re
import struct
from collections import defaultdict
from collections.abc import Iterator

from isal import isal_zlib

from ..errors import Code, SpritesError

_PACKED_CHUNKS = (b"zTXt", b"iTXt", b"iCCP")
_MAX_PACKED = 16
_IHDR = b"\0\0\0\rIHDR"
_GRAY, _RGB, _PALETTE, _GRAY_ALPHA, _RGBA = 0, 2, 3, 4, 6
_PIXEL_BITS = {(_RGB, 8): 24, (_GRAY_ALPHA, 8): 16, (_RGBA, 8): 32} | {
    (colours, depth): depth for colours in (_GRAY, _PALETTE) for depth in (1, 2, 4, 8)
}
_HAS_PALETTE = {
    b"IHDRIDATIEND": False,
    b"IHDRPLTEIDATIEND": True,
    b"IHDRPLTEtRNSIDATIEND": True,
}
"""The orders of a plain picture's chunks."""
_ASIDE = re.compile(
    rb"tEXt(?:[A-Z]|date:)|iTXtXML:com\.adobe\.xmp\0\0|bKGD|tIME|sBIT|eXIf"
    rb"|(?:sRGB.|gAMA.{4}|pHYs.{9}|cHRM.{32})\Z",
    re.DOTALL,
)
"""A chunk that no pixel hangs on. Pillow takes some other texts for notes of its own."""
_MAX_PALETTE = 3 * 256
_FILTERS = b"\0\1\2\3\4"
_AT_ONCE = 2**12
"""Bytes to unpack at a time. The memory for all rows would be the system's anew for each PNG."""

_head = struct.Struct(">I4s").unpack_from
_checksum = struct.Struct(">I").unpack_from


def png_end(data: bytes) -> int:
    """Walk a PNG's chunks and their checksums to IEND, as Pillow's ``verify`` does.

    Raises SpritesError with ``bomb`` for many packed texts, each of which may unpack to a megabyte.
    """
    packed, view = 0, memoryview(data)
    for kind, start, end in _chunks(data):
        packed += kind in _PACKED_CHUNKS
        if packed > _MAX_PACKED:
            raise SpritesError(Code.BOMB, f"over {_MAX_PACKED} packed texts in one PNG")
        if end + 4 > len(data):
            return 0
        if kind == b"IEND":
            return end + 4
        if _checksum(data, end)[0] != isal_zlib.crc32(view[start - 4 : end]):
            raise SpritesError(Code.BAD_IMAGE, f"PNG: a wrong checksum of {kind!r}")
    return 0


def is_plain(data: bytes, width: int, height: int) -> bool:
    """Tell whether a PNG that ``png_end`` has walked is a common one and has all of its rows."""
    if not data.startswith(_IHDR, 8):
        return False
    depth, colours, *special = data[24:29]  # and how it is packed, filtered and interlaced
    bits, parts = _PIXEL_BITS.get((colours, depth)), _parts(data)
    if not bits or any(special) or _HAS_PALETTE.get(b"".join(parts)) is not (colours == _PALETTE):
        return False
    palette = sum(map(len, parts.get(b"PLTE", ())))
    if palette % 3 or palette > _MAX_PALETTE:
        return False
    return _has_rows(parts[b"IDAT"], height, 1 + (width * bits + 7) // 8)


def _parts(data: bytes) -> dict[bytes, list[bytes]]:
    """Return what the picture is made of, by kind and in order; nothing if a part comes twice."""
    found, last = defaultdict[bytes, list[bytes]](list), b""
    for kind, start, end in _chunks(data):
        if not _ASIDE.match(data, start - 4, end):
            if kind in found and not kind == last == b"IDAT":
                return {}
            found[kind].append(data[start:end])
        last = kind
    return found


def _has_rows(parts: list[bytes], height: int, size: int) -> bool:
    """Tell whether bytes unpack to so many rows of a size, each with a filter that there is."""
    unpacker, at, end = isal_zlib.decompressobj(), 0, height * size
    try:
        for part in parts:
            for start in range(0, len(part), _AT_ONCE):
                rows = unpacker.decompress(part[start : start + _AT_ONCE], end - at + 1)
                at, first = at + len(rows), -at % size
                if at > end or rows[first::size].strip(_FILTERS):
                    return False
    except isal_zlib.error:  # type: ignore[misc]  # its stub takes the class for an instance
        return False
    return at == end and unpacker.eof and not unpacker.unused_data


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind of each chunk up to IEND, and where its body starts and ends."""
    kind, end = b"", 4
    while kind != b"IEND" and end + 16 <= len(data):
        start = end + 12
        size, kind = _head(data, end + 4)
        end = start + size
        yield kind, start, end
