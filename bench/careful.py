"""aiohttp doing the same work as we do: ``python -m bench.careful URLS FOLDER N``.

One process and one loop. Each sprite that N connections bring is decoded to its last frame, or
parsed where it is an SVG, hashed, written beside its place and renamed, and noted in SQLite, two
hundred rows a transaction. To decode on two threads beside the loop was slower here, on two
processes no quicker: what has to be handed over costs as much as it saves.
"""

import asyncio
import hashlib
import io
import os
import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image

from .lecture import file_for

_BATCH = 200
_TABLE = (
    "create table sprite (url text primary key, name text, sha256 text, size int,"
    " width int, height int, frames int, etag text, last_modified text)"
)


def inspect(data: bytes) -> tuple[int, int, int]:
    """Return an image's width, height and frames, having decoded all of it."""
    if data.lstrip()[:1] == b"<":
        ElementTree.fromstring(data)
        return 0, 0, 1
    with Image.open(io.BytesIO(data)) as image:
        frames = getattr(image, "n_frames", 1)
        for number in range(frames):
            image.seek(number)
            image.load()
        return *image.size, frames


class Notes:
    """Rows of a SQLite database, written in batches."""

    def __init__(self, folder: Path) -> None:
        self._database = sqlite3.connect(folder / "db.sqlite3")
        self._database.execute(_TABLE)
        self._rows: list[tuple[object, ...]] = []

    def add(self, *row: object) -> None:
        """Note a sprite."""
        self._rows.append(row)
        if len(self._rows) >= _BATCH:
            self.write()

    def write(self) -> None:
        """Write what waits."""
        with self._database:
            places = ", ".join("?" * 9)
            self._database.executemany(f"insert into sprite values ({places})", self._rows)
        self._rows.clear()


def keep(folder: Path, notes: Notes, url: str, data: bytes, headers: Mapping[str, str]) -> None:
    """Look at an image, store it whole or not at all, and note it."""
    facts = inspect(data)
    place = file_for(folder, url)
    part = place.with_name(f"{place.name}.part")
    part.write_bytes(data)
    os.replace(part, place)
    digest = hashlib.sha256(data).hexdigest()
    validators = headers.get("ETag"), headers.get("Last-Modified")
    notes.add(url, place.name, digest, len(data), *facts, *validators)


async def main(urls: str, folder: str, connections: str) -> None:
    """Download what a file lists."""
    from aiohttp import ClientSession, TCPConnector

    home, count = Path(folder), int(connections)
    notes, left = Notes(home), iter(Path(urls).read_text().split())
    async with ClientSession(connector=TCPConnector(limit=count)) as client:

        async def work() -> None:
            for url in left:
                async with client.get(url) as response:
                    response.raise_for_status()
                    keep(home, notes, url, await response.read(), response.headers)

        await asyncio.gather(*(work() for _ in range(count)))
    notes.write()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
