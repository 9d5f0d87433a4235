"""Real-shaped images for every path that is listed: a path in, bytes of its own out.

Upstream's own image where the data has it; else another one of its kind, or for artwork, of which
the data has none, a drawn one with so much grain that all are 12 kB on average, as upstream's. Each
carries its path as a comment, so that no two have the same bytes.
"""

import hashlib
import io
import struct
import zlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from PIL import Image

_ART = ("/official-artwork/", "/home/")
_ARTWORKS, _SIDE, _SHARE = 24, 475, 0.015
_AFTER_HEADER = 8 + 25
"""Where a PNG's first chunk, IHDR, ends."""


class Images:
    """What a folder of real images offers for paths that it does not have as well."""

    def __init__(self, folder: Path, grain: float) -> None:
        self._folder, self._grain = folder, grain

    def at(self, path: str) -> bytes:
        """Return the image for a listed path."""
        own = self._folder / path.lstrip("/")
        if own.is_file():
            return own.read_bytes()
        kin = self._kin(path)
        digest = hashlib.sha256(path.encode()).digest()
        return with_comment(kin[int.from_bytes(digest[:4]) % len(kin)], path)

    def _kin(self, path: str) -> list[bytes]:
        if any(part in path for part in _ART):
            return self._artworks
        if "/icons/" in path:
            return self._icons
        return self._others[path.rpartition(".")[2]]

    @cached_property
    def _icons(self) -> list[bytes]:
        return [f.read_bytes() for f in self._files("png") if "icons" in f.parts]

    @cached_property
    def _others(self) -> dict[str, list[bytes]]:
        return {
            kind: [f.read_bytes() for f in self._files(kind) if "icons" not in f.parts]
            for kind in ("png", "gif", "svg")
        }

    def _files(self, kind: str) -> list[Path]:
        return sorted(self._folder.glob(f"PokeAPI/**/*.{kind}"))

    @cached_property
    def _artworks(self) -> list[bytes]:
        return list(_draw(self._grain))


def _draw(grain: float) -> Iterator[bytes]:
    """Yield drawn artworks with grain."""
    from sprites.testing.artist import paint, slots

    for number in range(1, _ARTWORKS + 1):
        name = slots.parse(f"/sprites/pokemon/other/official-artwork/{number}.png")
        assert name is not None
        with Image.open(io.BytesIO(paint.picture(name))) as drawn:
            picture = drawn.convert("RGBA").resize((_SIDE, _SIDE))
        noise = Image.effect_noise(picture.size, grain).convert("RGB")
        grainy = Image.blend(picture.convert("RGB"), noise, _SHARE)
        grainy.putalpha(picture.getchannel("A"))
        file = io.BytesIO()
        grainy.save(file, "png")
        yield file.getvalue()


def with_comment(data: bytes, text: str) -> bytes:
    """Return an image that shows the same and says something; PNG, GIF or SVG."""
    if data.startswith(b"\x89PNG"):
        chunk = b"tEXtComment\0" + text.encode()
        length, check = struct.pack(">I", len(chunk) - 4), struct.pack(">I", zlib.crc32(chunk))
        return data[:_AFTER_HEADER] + length + chunk + check + data[_AFTER_HEADER:]
    if data.startswith(b"GIF"):
        return data[:-1] + b"\x21\xfe" + bytes([len(text)]) + text.encode() + b"\0\x3b"
    return data + f"<!-- {text} -->".encode()
