"""A folder in, a site in it that runs ``fetch_sprites``; what a run cost and said out."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import cost
from .cost import Cost

MANAGE = (sys.executable, "manage.py")


@dataclass(frozen=True, slots=True)
class Run:
    """A run of the command: what it cost, and its own report."""

    cost: Cost
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Inside:
    """What the command's own process spent: seconds in each stage, MB at its peak."""

    seconds: dict[str, float]
    memory: float


@dataclass(frozen=True, slots=True)
class Site:
    """A folder for a database and the images of a site that mirrors an API."""

    folder: Path
    origin: str

    @property
    def env(self) -> dict[str, str]:
        """Return the environment that makes the example site this one."""
        return {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{self.folder / 'db.sqlite3'}",
            "MEDIA_ROOT": str(self.folder / "media"),
            "SPRITES_API_URL": f"{self.origin}/api/v2/",
            "DEBUG": "off",
            "SECRET_KEY": "only for this measurement",
            "DJANGO_SETTINGS_MODULE": "pokesite.settings",
        }

    def prepare(self) -> None:
        """Put an empty database there, a copy of one that is migrated once."""
        self.folder.mkdir(parents=True)
        empty = Site(self.folder.parent / "empty", self.origin)
        if not empty.folder.exists():
            empty.folder.mkdir()
            subprocess.run([*MANAGE, "migrate", "-v0"], env=empty.env, check=True)
        shutil.copy(empty.folder / "db.sqlite3", self.folder)

    def bare_start(self) -> Cost:
        """Return what it costs to start Python, and to set Django up."""
        return cost.run((sys.executable, "-c", "import django; django.setup()"), self.env)

    def fetch(self, *options: str, **env: str) -> Run:
        """Run the command once."""
        return self._run(MANAGE, options, env)

    def watch(self, *options: str, **env: str) -> tuple[Run, Inside]:
        """Run the command once with a clock inside."""
        facts = self.folder / "inside.json"
        run = self._run((sys.executable, "-m", "bench.inside", str(facts)), options, env)
        return run, Inside(**json.loads(facts.read_text()))

    def without(self, thing: str, *options: str) -> Run:
        """Run the command once without one of its things."""
        return self._run((sys.executable, "-m", "bench.without", thing), options, {})

    def _run(self, command: Sequence[str], options: Sequence[str], env: Mapping[str, str]) -> Run:
        words = [*command, "fetch_sprites", *options, "--format", "json", "-v0"]
        spent = cost.run(words, {**self.env, **env})
        return Run(spent, json.loads(spent.output))

    def media(self) -> Iterator[Path]:
        """Yield the files of the media folder."""
        return (path for path in (self.folder / "media").rglob("*") if path.is_file())

    def ask(self, question: str) -> Any:
        """Return the one value that a query of the database gives."""
        with closing(sqlite3.connect(self.folder / "db.sqlite3")) as database:
            return database.execute(question).fetchone()[0]
