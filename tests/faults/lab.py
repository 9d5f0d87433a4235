"""The seven invariants of a mirror, held after every fault, for a site here or in processes.

``Lab.settle`` holds what must be true at once (files and rows agree, counts add up, requests and
time are bounded, the exit code is right), ``Lab.heal`` what a clean run must make of it: the very
state, row by row and byte by byte, of a mirror that never saw a fault.
"""

import itertools
import json
import subprocess
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any

from django.db import connection
from pytest_django import Settings

from sprites.testing import PokeAPI

from ..support.clock import is_within
from ..support.site import (
    Run,
    ShellSite,
    Site,
    assert_adds_up,
    assert_agree,
    files_in,
    sha256,
    until,
)

KEYS = (
    "front_default",
    "back_default",
    "other/dream_world/front_default",
    "other/official-artwork/front_default",
    "versions/generation-v/black-white/animated/front_default",
)
"""A PNG of each size, an SVG and an animated GIF a Pokémon."""
SELECTION = ("--ids", "1-3", "--sprites", ",".join(KEYS))
KEPT = ("file", "sha256", "size", "media_type", "etag")
"""What a row keeps of its last good file, whatever befalls the next ones."""
PNG = "/sprites/pokemon/1.png"
SVG = "/sprites/pokemon/other/dream-world/1.svg"
GIF = "/sprites/pokemon/versions/generation-v/black-white/animated/1.gif"
BACK = "/sprites/pokemon/back/*.png"
LIST = "/api/v2/pokemon/[?]*"
DOCUMENT = "/api/v2/pokemon/1/"

State = dict[str, Any]
Row = dict[str, Any]

_TABLES = {
    "sprites_pokemon": ("id",),
    "sprites_sprite": ("pokemon_id", "key"),
    "sprites_pokemontype": ("pokemon_id", "slot"),
    "sprites_type": ("id",),
    "sprites_document": ("resource", "number"),
}
"""The tables of a mirror, and what their rows are sorted by: here, since databases differ."""
_TIMES = {"checked_at", "changed_at", "synced_at", "missing_since", "attempts"}
"""Columns that two mirrors of the same upstream need not have alike."""


def differences(found: Any, expected: Any) -> list[Any]:
    """Return the pairs in which two tables, or two lists of files, differ."""
    if isinstance(found, dict):
        found, expected = sorted(found.items()), sorted(expected.items())
    return [pair for pair in itertools.zip_longest(found, expected) if pair[0] != pair[1]]


@dataclass
class Lab(ABC):
    """A mirror on which faults are tried out; ``ideal`` is the state that none has touched."""

    api: PokeAPI
    media: Path
    ideal: State
    retries: int = 1
    selection: tuple[str, ...] = SELECTION

    @abstractmethod
    def run(self, *arguments: str) -> Run:
        """Run the command for the selection."""

    @abstractmethod
    def clean(self, *arguments: str) -> Run:
        """Run the command with the options that a site has by default."""

    @abstractmethod
    def cursor(self) -> Any:
        """Return a context manager around a cursor of the mirror's database."""

    def rows(self, table: str = "sprites_sprite") -> list[Row]:
        """Return a table's rows in their order."""
        with self.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table}")
            names = [column[0] for column in cursor.description]
            rows = [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
        return sorted(rows, key=itemgetter(*_TABLES.get(table, ("id",))))

    def row(self, key: str = "front_default", pokemon: int = 1) -> Row:
        """Return a sprite's row."""
        return next(r for r in self.rows() if (r["pokemon_id"], r["key"]) == (pokemon, key))

    def files(self) -> dict[str, bytes]:
        """Return every file of the media folder by its name, hidden ones too."""
        return files_in(self.media)

    def state(self) -> State:
        """Return rows without times and numbers of their own, and the files' hashes."""
        state: State = {
            table: [
                {k: v for k, v in row.items() if k not in _TIMES and not _is_serial(table, k)}
                for row in self.rows(table)
            ]
            for table in _TABLES
        }
        state["files"] = {name: sha256(data) for name, data in sorted(self.files().items())}
        return state

    def settle(
        self,
        run: Run,
        exit_code: int,
        *,
        within: float = 10.0,
        asked: int | None = None,
        deaths: bool = False,
    ) -> Run:
        """Hold what must be true after any run: I1 to I5 and I7.

        ``asked`` is how often a path may have been asked for, where it is not once and the retries;
        after ``deaths`` of workers nobody can tell what the dead had asked for.
        """
        assert run.exit_code == exit_code, f"{run.exit_code}: {run.stderr[:2000]}"
        self.assert_files()
        if run.stdout.strip():
            report = run.report
            assert report["exit_code"] == exit_code
            assert_adds_up(report)
            assert is_within(report["seconds"], within)
            logged = Counter(entry.path for entry in self.api.requests())
            if not deaths:
                assert sum(logged.values()) <= report["requests"]
            most = max(logged.values(), default=0)
            assert most <= (asked or self.retries + 1), logged.most_common(3)
        return run

    def assert_files(self, *, strays: bool = False, but: Container[str] = ()) -> None:
        """Hold that rows and files agree; ``strays`` may stand until the next run has ended.

        ``but`` are names of files that a test has damaged.
        """
        rows = [row for row in self.rows() if row["file"] and row["file"] not in but]
        facts = ((row["file"], row["size"], row["sha256"]) for row in rows)
        assert_agree(self.files(), facts, strays=strays)

    def heal(self, *arguments: str) -> Run:
        """Hold I6: once the faults are over, the next run ends in the never-faulted state."""
        self.api.clear()
        run = self.clean(*arguments)
        self.settle(run, 0)
        found = self.state()
        for name, expected in self.ideal.items():
            odd = differences(found[name], expected)
            assert not odd, f"{name} differ from a mirror that saw no fault: {odd[:3]}"
        return run


def _is_serial(table: str, column: str) -> bool:
    return column == "id" and table not in ("sprites_pokemon", "sprites_type")


def _hung_up(origin: str) -> int:
    """Return how many connections a server has that the other side has closed and it has not."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    port = f":{int(origin.rpartition(':')[2]):04X}"
    return sum(line[1].endswith(port) and line[3] == "08" for line in lines)


@dataclass
class HereLab(Lab):
    """A mirror in this process, on the test's database."""

    site: Site = field(kw_only=True)
    settings: Settings = field(kw_only=True)

    def options(self, **more: object) -> None:
        """Set options of SPRITES beside the few that make faults quick."""
        self.settings.SPRITES = {**self.settings.SPRITES, **more}

    def run(self, *arguments: str) -> Run:
        """Run the command for the selection, having emptied the server's log."""
        self.api.clear_log()
        return self.site.run(*self.selection, *arguments)

    def clean(self, *arguments: str) -> Run:
        """Run the command with nothing but the API's URL set."""
        short, self.settings.SPRITES = self.settings.SPRITES, {"API_URL": self.api.url}
        try:
            return self.run(*arguments)
        finally:
            self.settings.SPRITES = short

    @contextmanager
    def cursor(self) -> Iterator[Any]:
        """Open a cursor of Django's connection."""
        with connection.cursor() as cursor:
            yield cursor


@dataclass
class ShellLab(Lab):
    """A mirror in a folder of its own, driven by real processes."""

    site: ShellSite = field(kw_only=True)
    started: "list[subprocess.Popen[str]]" = field(default_factory=list)

    def run(self, *arguments: str) -> Run:
        """Run the command for the selection in a process of its own."""
        self.forget()
        return self.site.fetch(*self.selection, *arguments)

    def forget(self) -> None:
        """Empty the server's log, once nothing comes any more that a dead run has asked for.

        What it still has to read is in a connection that was hung up, and is not in the log yet.
        """
        until(lambda: _hung_up(self.api.origin) <= self.api.stats()["running"])
        self.api.clear_log()

    def clean(self, *arguments: str) -> Run:
        """Run the command as the site is set up."""
        return self.run(*arguments)

    @contextmanager
    def cursor(self) -> Iterator[Any]:
        """Open a cursor of the site's database."""
        with self.site.database.connect() as line:
            yield line.cursor()

    def last_run(self) -> Row:
        """Return the newest row of SyncRun, with its failures read."""
        row = self.rows("sprites_syncrun")[-1]
        failures = row["failures"]
        return {**row, "failures": json.loads(failures) if isinstance(failures, str) else failures}
