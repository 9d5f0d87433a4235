"""A site for a test: the command, run in this process or in one of its own, and what it left.

``Site.run`` returns a Run with the exit code and the parsed JSON report; ``assert_whole`` holds the
invariants that no fault may break.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command

from sprites.models import Pokemon, Sprite
from sprites.testing import PokeAPI

from .browser import Browser
from .database import Database

ROOT = Path(__file__).parents[2]


def until(happened: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Look again and again until something has happened, and return it."""
    end = time.monotonic() + seconds
    while not (found := happened()):
        assert time.monotonic() < end, f"nothing happened within {seconds} s"
        time.sleep(0.005)
    return found


def heard(pid: int, number: int) -> None:
    """Wait until a process has taken a signal that was sent to it, and its Python, too."""
    until(lambda: not _pending(pid) >> (number - 1) & 1)
    time.sleep(0.3)  # from the signal to its handler in Python; another one by then is the same one


def _pending(pid: int) -> int:
    """Return the signals that a process was sent and has not taken yet, a bit each."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"ShdPnd:\s*(\w+)", status)[0], 16)


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
        return files_in(self.media)

    def state(self) -> dict[str, Any]:
        """Return what a mirror is: rows without times, and the hashes of the files."""
        return {
            "pokemon": list(Pokemon.objects.order_by("id").values(*_columns(Pokemon))),
            "sprites": list(Sprite.objects.order_by("pokemon_id", "key").values(*_columns(Sprite))),
            "files": {name: sha256(data) for name, data in self.files().items()},
        }

    def assert_whole(self, run: Run | None = None) -> None:
        """Hold the invariants: rows and files agree, nothing is stray, the counts add up."""
        rows = Sprite.objects.exclude(file="").values_list("file", "size", "sha256")
        assert_agree(self.files(), rows)
        if run is not None and run.stdout:
            assert_adds_up(run.report)


def sha256(data: bytes) -> str:
    """Return the hash that a row keeps."""
    return hashlib.sha256(data).hexdigest()


def files_in(media: Path) -> dict[str, bytes]:
    """Return every file of a media folder by its name, hidden ones too."""
    return {
        path.relative_to(media).as_posix(): path.read_bytes()
        for path in media.rglob("*")
        if path.is_file()
    }


def assert_agree(
    files: dict[str, bytes], rows: Iterable[tuple[str, int | None, str]], *, strays: bool = False
) -> None:
    """Hold that each row's file is there with its size and hash, and no other file but strays."""
    named = set()
    for name, size, digest in rows:
        assert name in files, f"a row points to {name}, which is not there"
        assert len(files[name]) == size, f"{name} has another size than its row"
        assert sha256(files[name]) == digest, f"{name} has other bytes than its row"
        named.add(name)
    assert strays or set(files) == named, f"stray files: {set(files) - named}"


def assert_adds_up(report: dict[str, Any]) -> None:
    """Hold that each wanted sprite is counted once and each failure says why."""
    counts = dict(report["sprites"])
    wanted = counts.pop("wanted")
    assert wanted == sum(counts.values()), report
    pokemon, species = dict(report["pokemon"]), dict(report["species"])
    assert pokemon.pop("checked") == sum(pokemon.values()), report
    assert species.pop("checked") == sum(species.values()), report
    failed = counts["failed"] + pokemon["failed"] + species["failed"]
    assert len(report["failures"]) == failed, report
    for failure in report["failures"]:
        assert failure["code"], failure
        assert set(failure) >= {"pokemon", "key", "url", "code", "status", "attempts"}, failure


_VARYING = {"id", "etag", "checked_at", "changed_at", "missing_since", "synced_at", "attempts"}


def _columns(model: type[Pokemon] | type[Sprite]) -> list[str]:
    """Return the columns that two mirrors of the same upstream have alike."""
    names = [item.attname for item in model._meta.concrete_fields]
    return [name for name in names if name not in _VARYING or (model is Pokemon and name == "id")]


@dataclass
class ShellSite:
    """The example site in a folder of its own, driven as a user does: by real processes."""

    api_url: str
    folder: Path
    database: Database
    environment: dict[str, str] = field(default_factory=dict)
    started: list["subprocess.Popen[str]"] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.environment = {
            **os.environ,
            "DATABASE_URL": self.database.url,
            "MEDIA_ROOT": str(self.media),
            "DJANGO_SETTINGS_MODULE": "pokesite.settings",
            "SPRITES_API_URL": self.api_url,
            **self.environment,
        }

    @property
    def media(self) -> Path:
        """Return the media folder."""
        return self.folder / "media"

    def use(self, database: Database) -> None:
        """Give the site another database in place of its own."""
        self.database.drop()
        self.database = database
        self.environment["DATABASE_URL"] = database.url

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

    def assert_whole(self, run: Run | None = None) -> None:
        """Hold the invariants: rows and files agree, nothing is stray, the counts add up."""
        query = "SELECT file, size, sha256 FROM sprites_sprite WHERE file <> ''"
        with self.database.connect() as line:
            assert_agree(files_in(self.media), line.execute(query))
        if run is not None and run.stdout:
            assert_adds_up(run.report)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start ``fetch_sprites`` and return its process, for signals."""
        command = [sys.executable, "manage.py", "fetch_sprites", *arguments, "--format", "json"]
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=pipe, stderr=pipe, text=True
        )
        self.started.append(process)
        return process

    @contextmanager
    def serve(self, port: int = 0) -> Iterator[Browser]:
        """Run the development server as a user does, and give a browser of it."""
        address = f"127.0.0.1:{port}"
        command = [sys.executable, "-u", "manage.py", "runserver", "--noreload", address]
        with (self.folder / "server.log").open("w") as log:
            server = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=log,
                text=True,
            )  # fmt: skip
            assert server.stdout is not None
            try:
                found = (re.search(r"server at (http://\S+:\d+/)", line) for line in server.stdout)
                yield Browser(next(match[1] for match in found if match))
            finally:
                server.terminate()
                server.communicate()

    def close(self) -> None:
        """Drop the database, and end what a test that failed has left running."""
        for process in self.started:
            if process.returncode is None:
                process.kill()
                process.communicate()
        self.database.drop()
