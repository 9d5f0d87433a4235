"""Who races: the whole job on our executors, the lecture's downloaders, and better bare ones.

A Contender gets a folder's path and leaves the sprites in it. Ours finds them by itself, in the
Pokémon's documents, and validates, hashes, stores and notes them; the others are given the URLs,
and but for one that does the same work they only download.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from urllib.parse import urlsplit

from . import cost
from .cost import Cost
from .lecture import file_for
from .ours import Site
from .tree import Tree

CONNECTIONS = 8

PEERS = {
    "requests.Session a thread": "python -m bench.peers session URLS FOLDER N",
    "aiohttp": "python -m bench.peers aiohttp URLS FOLDER N",
    "aiohttp, the same work": "python -m bench.careful URLS FOLDER N",
    "httpx": "python -m bench.peers httpx URLS FOLDER N",
    "curl --parallel": "curl --no-progress-meter -Z --parallel-max N --output-dir FOLDER -K CURL",
    "aria2c": "aria2c -q -j N -d FOLDER -i ARIA",
    "wget, one connection": "wget -q -x -nH -P FOLDER -i URLS",
    "requests.get, ThreadPoolExecutor(8).map": "python -m bench.lecture executor URLS FOLDER",
    "requests.get, 10 threads on a queue": "python -m bench.lecture queue URLS FOLDER",
    "requests.get, Pool(15).map": "python -m bench.lecture pool URLS FOLDER",
    "requests.get, one after another": "python -m bench.lecture sequential URLS FOLDER",
}
"""Others by name; URLS, CURL and ARIA are lists of the same URLs in three formats."""


@dataclass(frozen=True, slots=True)
class Contender:
    """Somebody who fills a folder; ``shown`` is the command as a reader would type it."""

    name: str
    shown: str
    race: Callable[[Path], Cost]


def selection(tree: Tree) -> list[str]:
    """Return the command's options that mean the sprites of a tree."""
    return ["--limit", str(tree.limit), "--sprites", "all"]


def ours(tree: Tree, origin: str, executor: str, workers: int) -> Contender:
    """Return the whole job on an executor."""
    options = [*selection(tree), "--executor", executor, "--workers", str(workers)]

    def race(folder: Path) -> Cost:
        site = Site(folder, origin)
        site.prepare()
        return site.fetch(*options).cost

    name = "sync" if executor == "sync" else f"{executor}, {workers} workers"
    return Contender(f"ours, {name}", f"python manage.py fetch_sprites {' '.join(options)}", race)


def peer(tree: Tree, origin: str, name: str, connections: int = CONNECTIONS) -> Contender:
    """Return a bare downloader."""
    command = PEERS[name]
    lists = _lists(tree, origin)

    def race(folder: Path) -> Cost:
        folder.mkdir(parents=True)
        places = {**lists, "FOLDER": str(folder), "N": str(connections), "python": sys.executable}
        return cost.run([places.get(word, word) for word in command.split()])

    return Contender(name, command.replace(" N", f" {connections}"), race)


def is_installed(name: str) -> bool:
    """Tell whether what a bare downloader needs is there."""
    command = PEERS[name].split()
    if command[0] == "python":
        package = name.partition(",")[0]
        return package not in ("aiohttp", "httpx") or find_spec(package) is not None
    return which(command[0]) is not None


def _lists(tree: Tree, origin: str) -> dict[str, str]:
    """Write the URLs in the formats of the downloaders; return the files."""
    urls = [f"{origin}{path}" for path in tree.paths]
    names = [file_for(Path(), url) for url in urls]
    formats = {
        "URLS": "{}\n",
        "CURL": 'url = "{}"\noutput = "{}"\n',
        "ARIA": "{}\n out={}\n",
    }
    files = {}
    for name, line in formats.items():
        file = tree.root / f"{name}-{urlsplit(origin).port}"
        file.write_text("".join(map(line.format, urls, names)))
        files[name] = str(file)
    return files
