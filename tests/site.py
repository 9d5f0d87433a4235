"""A site for a test: the command, run in this process or in one of its own, and what it left.

``Site.run`` returns a Run with the exit code and the parsed JSON report; ``assert_whole`` holds the
invariants that no fault may break.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command

from sprites.models import Pokemon, Sprite
from sprites.testing import PokeAPI

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Run:
    """How a run of the command ended: exit code, what it printed, and its report if it got one."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def report(self) -> dict[str, Any]:
        """Return the JSON report; fails where there is none."""
        report: dict[str, Any] = json.loads(self.stdout)
        return report

    @property
    def sprites(self) -> dict[str, int]:
        """Return the report's counts of sprites."""
        counts: dict[str, int] = self.report["sprites"]
        return counts

    @property
    def codes(self) -> Counter[str]:
        """Return how often each error code stands among the failures."""
        return Counter(failure["code"] for failure in self.report["failures"])


@dataclass(frozen=True)
class Site:
    """A mirror under test: its upstream, its media folder, and the test's own database."""

    api: PokeAPI
    media: Path

    def run(self, *arguments: str) -> Run:
        """Run the command in this process, on the test's database, and return how it ended."""
        out, err = StringIO(), StringIO()
        code = 0
        try:
            call_command("fetch_sprites", *arguments, "--format", "json", stdout=out, stderr=err)
        except CommandError as error:
            code = error.returncode
            err.write(str(error))
        except SystemExit as error:
            code = int(error.code or 0)
        return Run(code, out.getvalue(), err.getvalue())

    def files(self) -> dict[str, bytes]:
        """Return every file of the media folder by its name, hidden ones too."""
        return {
            path.relative_to(self.media).as_posix(): path.read_bytes()
            for path in self.media.rglob("*")
            if path.is_file()
        }

    def state(self) -> dict[str, Any]:
        """Return what a mirror is: rows without times, and the hashes of the files."""
        return {
            "pokemon": list(Pokemon.objects.order_by("id").values(*_columns(Pokemon))),
            "sprites": list(Sprite.objects.order_by("pokemon_id", "key").values(*_columns(Sprite))),
            "files": {name: _sha256(data) for name, data in self.files().items()},
        }

    def assert_whole(self, run: Run | None = None) -> None:
        """Hold the invariants: rows and files agree, nothing is stray, the counts add up."""
        files = self.files()
        named = {}
        for row in Sprite.objects.exclude(file=""):
            name = row.file.name or ""
            assert name in files, f"{row} points to {name}, which is not there"
            assert len(files[name]) == row.size, f"{name} has another size than its row"
            assert _sha256(files[name]) == row.sha256, f"{name} has other bytes than its row"
            named[name] = row
        assert set(files) == set(named), f"stray files: {set(files) - set(named)}"
        if run is not None and run.stdout:
            assert_adds_up(run.report)


def assert_adds_up(report: dict[str, Any]) -> None:
    """Hold that each wanted sprite is counted once and each failure says why."""
    counts = dict(report["sprites"])
    wanted = counts.pop("wanted")
    assert wanted == sum(counts.values()), report
    pokemon = dict(report["pokemon"])
    assert pokemon.pop("checked") == sum(pokemon.values()), report
    assert len(report["failures"]) == counts["failed"] + pokemon["failed"], report
    for failure in report["failures"]:
        assert failure["code"], failure
        assert set(failure) >= {"pokemon", "key", "url", "code", "status", "attempts"}, failure


_VARYING = {"id", "etag", "checked_at", "changed_at", "missing_since", "synced_at", "attempts"}


def _columns(model: type[Pokemon] | type[Sprite]) -> list[str]:
    """Return the columns that two mirrors of the same upstream have alike."""
    names = [item.attname for item in model._meta.concrete_fields]
    return [name for name in names if name not in _VARYING or (model is Pokemon and name == "id")]


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass
class ShellSite:
    """The example site in a folder of its own, driven as a user does: by real processes."""

    api_url: str
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.environment = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{self.folder / 'db.sqlite3'}",
            "MEDIA_ROOT": str(self.media),
            "DJANGO_SETTINGS_MODULE": "pokesite.settings",
            "SPRITES_API_URL": self.api_url,
            **self.environment,
        }

    @property
    def media(self) -> Path:
        """Return the media folder."""
        return self.folder / "media"

    def migrate(self) -> None:
        """Create the tables."""
        self.manage("migrate", "-v0").check_returncode()

    def manage(self, *arguments: str, **more: Any) -> "subprocess.CompletedProcess[str]":
        """Run ``manage.py`` to its end."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, **more
        )

    def fetch(self, *arguments: str) -> Run:
        """Run ``fetch_sprites`` to its end and return how it ended."""
        done = self.manage("fetch_sprites", *arguments, "--format", "json", timeout=120)
        return Run(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start ``fetch_sprites`` and return its process, for signals."""
        command = [sys.executable, "manage.py", "fetch_sprites", *arguments, "--format", "json"]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=pipe, stderr=pipe, text=True
        )
