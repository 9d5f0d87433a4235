"""A PNG that is told to be whole without Pillow: whatever is done to one, Pillow says the same.

``SPRITES_MUTANTS=100000`` tries so many instead of a few thousand, and of upstream's own images.
"""

import os
import random
import tracemalloc
import zlib
from unittest.mock import patch

import pytest

from sprites.errors import Code, SpritesError
from sprites.testing.artist import paint, slots
from sprites.testing.server import real
from sprites.worker import images
from sprites.worker.png import is_plain
from sprites.worker.records import ImageFacts, Policy

from ..support.drawn import chunk, encoded, png
from .test_real_data import FOLDER

Chunks = list[tuple[bytes, bytes]]
_MAGIC = b"\x89PNG\r\n\x1a\n"
_SWEEP = int(os.environ.get("SPRITES_MUTANTS", "0"))
_DRAWN = ("1", "back/shiny/2", "versions/generation-i/red-blue/3", "other/official-artwork/1")
_MODES = ("1", "L", "P", "RGB", "RGBA", "LA")
_BESIDE = (
    *(b"tEXtbbox\0x", b"tEXtinterlace\x001", b"tEXttransparency\0x", b"tEXtSoftware\0x", b"tEXt"),
    *(b"iTXtXML:com.adobe.xmp\0\0\0\0\0\xff", b"iTXtbbox\0\0\0\0\0x", b"zTXtx\0\1", b"iCCPx\0\1x"),
    *(b"gAMA\0\0\0", b"pHYs12345678\0", b"pHYs1", b"sRGB", b"cHRM" + bytes(32), b"cHRM1"),
    *(b"bKGD\0", b"eXIfII*\0", b"acTL\0\0\0\1\0\0\0\0", b"fcTL", b"IDAT", b"abcd", b"ab.d"),
    *(b"PLTEabc", b"PLTE" + bytes(771), b"tRNS\0\1", b"tRNS" + bytes(257), b"IHDR", b"IEND"),
)


def drawn() -> list[bytes]:
    """Return PNGs of the kinds that upstream has, and of each mode."""
    names = [slots.parse(f"/sprites/pokemon/{path}.png") for path in _DRAWN]
    pictures = [paint.picture(name) for name in names if name]
    return [*pictures, *(encoded("PNG", mode=mode) for mode in _MODES)]


def upstreams() -> list[bytes]:
    """Return the PNGs of the real data."""
    return [path.read_bytes() for path in sorted(real.unpack(FOLDER).rglob("*.png"))]


def split(data: bytes) -> Chunks:
    """Return the kinds and bodies of a whole PNG's chunks."""
    chunks, at = [], len(_MAGIC)
    while at < len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        chunks.append((data[at + 4 : at + 8], data[at + 8 : end]))
        at = end + 4
    return chunks


def joined(chunks: Chunks) -> bytes:
    """Return the PNG of some chunks, whose checksums are right."""
    return _MAGIC + b"".join(chunk(*each) for each in chunks)


def damaged(data: bytes, chance: random.Random) -> bytes:
    """Return bytes of which one is another, some are gone or some are more."""
    place = chance.randrange(len(data) + 1)
    some = chance.choice([b"", b"\0", chance.randbytes(chance.randint(1, 4)), bytes(900)])
    gone = chance.choice([0, 1, len(some), len(some), len(data)])
    return data[:place] + some + data[place + gone :]


def repaired(chunks: Chunks, chance: random.Random) -> None:
    """Damage a chunk, and let its checksum be right."""
    place = chance.randrange(len(chunks))
    kind, body = chunks[place]
    chunks[place] = kind, damaged(body, chance)


def announced(chunks: Chunks, chance: random.Random) -> None:
    """Let the header say something else."""
    header = bytearray(chunks[0][1].ljust(13, b"\0"))
    header[chance.choice([3, 7, *range(8, 13)])] = chance.choice([0, 1, 2, 3, 4, 6, 8, 16, 24])
    chunks[0] = chunks[0][0], bytes(header)


def moved(chunks: Chunks, chance: random.Random) -> None:
    """Take a chunk away, and put it elsewhere or twice, or another one beside it."""
    place = chance.randrange(len(chunks))
    more = chance.choice(_BESIDE)
    one, other = chunks.pop(place), (more[:4], more[4:])
    chunks[place:place] = chance.choice([[], [one, one], [one, other], [other, one]])
    if chance.random() < 0.3:
        chunks.insert(chance.randint(0, len(chunks)), one)


def parted(chunks: Chunks, chance: random.Random) -> None:
    """Cut a chunk in two."""
    place = chance.randrange(len(chunks))
    kind, body = chunks[place]
    half = chance.randint(0, len(body))
    chunks[place : place + 1] = [(kind, body[:half]), (kind, body[half:])]


def packed(chunks: Chunks, chance: random.Random) -> None:
    """Pack other rows into the place of those that there are, or the same ones otherwise."""
    place = next((n for n, (kind, _) in enumerate(chunks) if kind == b"IDAT"), None)
    if place is None:
        return
    try:
        rows = zlib.decompressobj().decompress(chunks[place][1], 2**22)
    except zlib.error:
        return
    rows = chance.choice([rows, damaged(rows, chance), chance.randbytes(1) + rows[1:]])
    window = chance.choice([-15, 9, 12, 15, 15, 31])
    packer = zlib.compressobj(chance.choice([0, 1, 9]), wbits=window)
    if window == 12:
        packer = zlib.compressobj(wbits=window, zdict=bytes(99))
    coded = packer.compress(rows) + packer.flush()
    end = chance.choice([b"", b"", b"\0", coded])
    chunks[place] = b"IDAT", chance.choice([coded, coded + end, damaged(coded, chance)])


def mutant(data: bytes, chance: random.Random) -> bytes:
    """Return a PNG to which something was done, most times with checksums that are right."""
    chunks = split(data)
    for way in chance.choices([repaired, announced, moved, parted, packed], k=2):
        if chunks:
            way(chunks, chance)
    data = joined(chunks)
    return damaged(data, chance) if chance.random() < 0.1 else data


def outcome(data: bytes) -> ImageFacts | Code:
    """Return what comes of an image."""
    try:
        return images.inspect(data, Policy(allow_trailing_data=True))
    except SpritesError as error:
        return error.code


@pytest.mark.filterwarnings("ignore:Invalid APNG")
def test_pillow_says_the_same_of_whatever_is_told_without_it() -> None:
    """Each mutant ends as it would if Pillow decoded all, and a good part of them are plain."""
    chance = random.Random(11)
    plain: list[bool] = []

    def noted(data: bytes, width: int, height: int) -> bool:
        plain.append(is_plain(data, width, height))
        return plain[-1]

    sources = drawn() + (upstreams() if _SWEEP else [])
    for number in range(_SWEEP or 4000):
        data = mutant(sources[number % len(sources)], chance)
        with patch.object(images, "is_plain", noted):
            found = outcome(data)
        with patch.object(images, "is_plain", lambda *_: False):
            assert found == outcome(data), (number, data[:2000])
    assert len(plain) / 10 < sum(plain) < len(plain) * 0.9


@pytest.mark.parametrize("place", range(len(_DRAWN) + len(_MODES)))
def test_what_upstream_has_is_plain(place: int) -> None:
    """No picture of the common kinds has to wait for Pillow."""
    data = drawn()[place]
    size = (int.from_bytes(data[start : start + 4]) for start in (16, 20))
    assert is_plain(data, *size)


def test_no_more_is_unpacked_than_the_header_announces() -> None:
    """60 MB behind a header of 8 by 8 pixels take no memory, nor do 300,000 chunks take long."""
    header, (_, body), end = split(png(8, 8))
    many = joined([header, *((b"IDAT", body[n : n + 1]) for n in range(300_000)), end])
    large = joined([header, (b"IDAT", zlib.compress(bytes(60_000_000))), end])
    assert is_plain(many, 8, 8)
    tracemalloc.start()
    assert not is_plain(large, 8, 8)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()
