"""Real data as a world: PokéAPI's own JSON and images, from a folder.

In: a folder with ``api-v2.tar.xz`` and ``sprites.tar.xz``, or one that holds both unpacked. Out: a
``World`` of upstream's bytes in which only the origins of the URLs are changed. A sprite that is
listed but has no file is drawn. ``forms`` adds a few invented forms with ids from 10001.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import Any, Self

from ..artist import paint, slots

_ARCHIVES = ("api-v2.tar.xz", "sprites.tar.xz")
_API = b"https://pokeapi.co/api/v2/"
_RAW = b"https://raw.githubusercontent.com/"
_FORMS = ("starter", "tidal", "frosted", "grand", "rusty", "veiled")
_FIRST_FORM = 10_001


class RealWorld:
    """Upstream's documents and images under another origin."""

    def __init__(self, folder: Path, origin: str, forms: bool) -> None:
        self._folder, self._origin = folder, origin.encode()
        api = folder / "api" / "v2"
        self.index = {found.parent.name: _names(found) for found in api.glob("*/index.json")}
        if "pokemon" not in self.index:
            raise ValueError(f"{folder} has no api/v2/pokemon/index.json")
        self._bases = _bases(self.index["pokemon"]) if forms else {}
        for number, (base, suffix) in self._bases.items():
            self.index["pokemon"][f"{base}-{suffix}"] = number
        self._ids = frozenset(self.index["pokemon"].values())

    @classmethod
    def opener(cls, folder: Path, forms: bool) -> Callable[[str], Self]:
        """Unpack what must be unpacked; OSError or ValueError if the data is not there."""
        unpacked = unpack(folder)
        return lambda origin: cls(unpacked, origin, forms)

    def document(self, resource: str, number: int) -> bytes | None:
        """The bytes of a document, with our origin in its URLs."""
        if resource == "pokemon" and number in self._bases:
            body = self._form(number)
        else:
            file = self._folder / "api" / "v2" / resource / str(number) / "index.json"
            if not file.is_file():
                return None
            body = file.read_bytes()
        return body.replace(_API, self._origin + b"/api/v2/").replace(_RAW, self._origin + b"/")

    def picture(self, path: str) -> bytes | None:
        """The image at a path, or a drawn one where upstream has a sprite and the data has not."""
        name = slots.parse(path)
        if name is None or name.id not in self._ids:
            return None
        file = self._folder / path.lstrip("/")
        return file.read_bytes() if file.is_file() else paint.picture(name)

    def _form(self, number: int) -> bytes:
        """A base's document under another id; the last form has no sprite, the others fewer."""
        base, suffix = self._bases[number]
        base_id = self.index["pokemon"][base]
        text = (self._folder / "api" / "v2" / "pokemon" / str(base_id) / "index.json").read_text()
        document: dict[str, Any] = json.loads(text)
        sprites = json.dumps(document["sprites"]).replace(f"/{base_id}.", f"/{number}.")
        document |= {
            "id": number,
            "name": f"{base}-{suffix}",
            "is_default": False,
            "order": -1,
            "base_experience": None if suffix == "tidal" else document["base_experience"],
            "sprites": _without(json.loads(sprites), ("",) if suffix == _FORMS[-1] else ("versi",)),
        }
        return json.dumps(document).encode()


def _without(sprites: dict[str, Any], starts: tuple[str, ...], path: str = "") -> dict[str, Any]:
    """The tree of sprites with null wherever the path of a slot begins so."""
    return {
        key: _without(value, starts, f"{path}{key}/")
        if isinstance(value, dict)
        else (None if f"{path}{key}".startswith(starts) else value)
        for key, value in sprites.items()
    }


def _names(index: Path) -> dict[str, int]:
    """Names to ids, in upstream's order."""
    results = json.loads(index.read_bytes())["results"]
    return {
        entry.get("name") or number: int(number)
        for entry in results
        if (number := entry["url"].rstrip("/").rpartition("/")[2])
    }


def _bases(names: dict[str, int]) -> dict[int, tuple[str, str]]:
    """The Pokémon that get a form, spread over the list, by the form's id."""
    bases = list(names)[:: max(1, len(names) // len(_FORMS))]
    return dict(enumerate(zip(bases, _FORMS, strict=False), _FIRST_FORM))


def unpack(folder: Path) -> Path:
    """The folder with the data unpacked: itself, or a copy in the user's cache.

    Two servers may start at once: each unpacks for itself, and the first to finish wins.
    """
    if (folder / "api" / "v2" / "pokemon" / "index.json").is_file():
        return folder
    archives = [folder / name for name in _ARCHIVES]
    facts = [(str(a.resolve()), a.stat().st_size, a.stat().st_mtime_ns) for a in archives]
    key = hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sprites-testing"
    target = cache / key
    if not target.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        _unpack_to(target, archives)
    return target


def _extract(tar: tarfile.TarFile, folder: Path) -> None:
    """Extract plain files below a folder and nothing else; Python before 3.11.4 has no filters."""
    if hasattr(tarfile, "data_filter"):
        tar.extractall(folder, filter="data")
        return
    for member in tar.getmembers():
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts or not (member.isfile() or member.isdir()):
            raise tarfile.TarError(f"{member.name!r} would leave its folder")
    tar.extractall(folder)


def _unpack_to(target: Path, archives: list[Path]) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, ignore_cleanup_errors=True) as name:
        fresh = Path(name) / "data"
        for archive in archives:
            try:
                with tarfile.open(archive) as tar:
                    _extract(tar, fresh)
            except (EOFError, LZMAError, tarfile.TarError) as problem:
                raise ValueError(f"{archive} cannot be unpacked: {problem}") from problem
        try:
            fresh.rename(target)
        except OSError:
            if not target.is_dir():
                raise
            shutil.rmtree(fresh, ignore_errors=True)
