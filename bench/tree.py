"""A static PokéAPI as files: real data, or the drawn creatures, in; folders that nginx serves out.

The documents stand in a folder for each port, since their URLs name it, and packed, as upstream
sends them; the images stand there once.
"""

import gzip
import json
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from sprites.testing.server.real import RealWorld, unpack
from sprites.testing.server.reply import dump
from sprites.testing.server.world import DrawnWorld, World

from .images import Images

SPRITES = 5_000
_LISTED = 50
"""Sprites of a Pokémon at the least, on average: how many documents a tree has."""
FEW_LARGE, MANY_LARGE = 30.0, 3.0
"""Grain of artworks: a twentieth of the first Pokémon's sprites are such, a ninth of all are."""

Listing = dict[str, str]
"""The keys of a Pokémon's sprites, and the URL or the path of each."""
Picture = Callable[[str], bytes | None]
"""What gives the image at a path."""


class Documents(Protocol):
    """The part of a World that is not pictures."""

    index: dict[str, dict[str, int]]

    def document(self, resource: str, number: int) -> Any:
        """Return one resource, as an object or as the bytes of its JSON."""


@dataclass(frozen=True, slots=True)
class Tree:
    """What was built: ``limit`` first Pokémon list ``paths``, the selection of every race."""

    root: Path
    limit: int
    paths: tuple[str, ...]
    mean: float
    median: float


class Source:
    """Where documents and images come from: a folder of real data, or the drawn creatures."""

    def __init__(self, data: Path) -> None:
        self.is_real = data.is_dir()
        self._folder = unpack(data) if self.is_real else data

    def world(self, origin: str) -> World:
        """Return the documents, with an origin in their URLs."""
        return RealWorld(self._folder, origin, False) if self.is_real else DrawnWorld(origin)

    def pictures(self, grain: float = FEW_LARGE) -> Picture:
        """Return what gives the image at a path."""
        return Images(self._folder, grain).at if self.is_real else DrawnWorld("").picture


def build(root: Path, source: Source, origins: Sequence[str], sprites: int = SPRITES) -> Tree:
    """Write some Pokémon, the lecture's 100 at the least, and as many of them whole as have these.

    Of those that are not whole there is one sprite each.
    """
    for origin in origins:
        listings = write_documents(root, origin, source.world(origin), sprites // _LISTED)
    limit = _enough(listings, sprites)
    others = [each["front_default"] for each in listings[limit:] if "front_default" in each]
    paths = [path for each in listings[:limit] for path in each.values()]
    write_images(root, others, source.pictures())
    sizes = write_images(root, paths, source.pictures())
    return Tree(root, limit, tuple(paths), statistics.mean(sizes), statistics.median(sizes))


def _enough(listings: Sequence[Listing], sprites: int) -> int:
    count = 0
    for number, listing in enumerate(listings, 1):
        count += len(listing)
        if count >= sprites:
            return number
    return len(listings)


def write_documents(
    root: Path, origin: str, world: Documents, count: int | None = None
) -> list[Listing]:
    """Write the lists, the generations and the first Pokémon; return what these list."""
    api = root / str(urlsplit(origin).port) / "api" / "v2"
    for resource in ("pokemon", "generation"):
        _write_packed(api / resource, dump(_list(origin, resource, world.index[resource])))
    for number in world.index["generation"].values():
        _write_packed(api / "generation" / str(number), body(world, "generation", number))
    return [
        _write_pokemon(api, origin, number, body(world, "pokemon", number))
        for number in islice(world.index["pokemon"].values(), count)
    ]


def write_species(root: Path, origin: str, world: Documents) -> None:
    """Write the species of all Pokémon."""
    api = root / str(urlsplit(origin).port) / "api" / "v2"
    for number in world.index["pokemon-species"].values():
        folder = api / "pokemon-species" / str(number)
        _write_packed(folder, body(world, "pokemon-species", number))


def _list(origin: str, resource: str, index: dict[str, int]) -> dict[str, Any]:
    """Return the whole list of a resource on one page, whatever page is asked for."""
    rows = [
        {"name": name, "url": f"{origin}/api/v2/{resource}/{number}/"}
        for name, number in index.items()
    ]
    return {"count": len(rows), "next": None, "previous": None, "results": rows}


def body(world: Documents, resource: str, number: int) -> bytes:
    """Return the bytes of a document."""
    document = world.document(resource, number)
    return document if isinstance(document, bytes) else dump(document)


def _write_pokemon(api: Path, origin: str, number: int, body: bytes) -> Listing:
    _write_packed(api / "pokemon" / str(number), body)
    return {key: url.removeprefix(origin) for key, url in listing(json.loads(body)).items()}


def listing(document: dict[str, Any]) -> Listing:
    """Return the keys and URLs of the sprites that a Pokémon's document lists."""
    return dict(_walk(document["sprites"]))


def _walk(node: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in node.items():
        if isinstance(value, dict):
            yield from _walk(value, f"{above}{name}/")
        elif value is not None:
            yield above + name, value


def _write_packed(folder: Path, body: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.json.gz").write_bytes(gzip.compress(body, 6))


def write_images(root: Path, paths: Iterable[str], picture: Picture) -> list[int]:
    """Write the images at some paths; return their sizes."""
    sizes = []
    for path in paths:
        file = root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        sizes.append(file.write_bytes(picture(path) or b""))
    return sizes
