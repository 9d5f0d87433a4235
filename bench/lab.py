"""Where a part measures: a tree of its own, served by nginx, and a folder to work in."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory

from .nginx import Nginx, free_ports
from .ours import Site
from .tree import Source, Tree, build

HOME = Path(".bench")
"""On disk, beside the code: a temporary folder may be in memory."""


@dataclass(frozen=True, slots=True)
class Lab:
    """A served tree and a folder that is empty between two measurements."""

    source: Source
    tree: Tree
    nginx: Nginx
    work: Path
    only: str

    def wants(self, name: str) -> bool:
        """Tell whether a contender was asked for."""
        return fnmatchcase(name, self.only)

    def site(self, origin: str = "") -> Site:
        """Return a new site that mirrors the tree; the one before is gone."""
        shutil.rmtree(self.work / "site", ignore_errors=True)
        site = Site(self.work / "site", origin or self.nginx.url)
        site.prepare()
        return site


@contextmanager
def open_lab(data: Path, only: str) -> Iterator[Lab]:
    """Build the tree, serve it, and leave nothing behind."""
    HOME.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="lab-", dir=HOME.resolve()) as folder:
        home, source = Path(folder), Source(data)
        nginx = Nginx(home / "tree", home / "nginx", free_ports())
        tree = build(home / "tree", source, (nginx.url, nginx.slow_url))
        (home / "work").mkdir()
        with nginx:
            yield Lab(source, tree, nginx, home / "work", only)
