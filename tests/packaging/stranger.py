"""Somebody else's site: a fresh environment with the wheel, ``startproject``, and five lines."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..support.browser import Browser

ROOT = Path(__file__).parents[2]
INSTALL = ROOT / "docs" / "install.md"


def pythons(name: str) -> Iterator[Path]:
    """Yield the interpreters of a version that are on PATH or that pyenv has."""
    if found := shutil.which(f"python{name}"):
        yield Path(found)
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    yield from sorted(versions.glob(f"{name}.*/bin/python"))


def find_python(*names: str) -> Path | None:
    """Return the first interpreter of these versions that works and has what a site needs."""
    for python in (python for name in names for python in pythons(name)):
        tried = subprocess.run([python, "-c", "import sqlite3, ssl, venv"], capture_output=True)
        if tried.returncode == 0:
            return python
    return None


def changes(document: Path = INSTALL) -> dict[str, list[str]]:
    """Return the lines of the first diff in a document, by the file that they are for."""
    diff = document.read_text().partition("```diff\n")[2].partition("```")[0]
    found: dict[str, list[str]] = {}
    for line in diff.splitlines():
        if line.startswith("--- "):
            lines = found.setdefault(line.removeprefix("--- "), [])
        elif line:
            lines.append(line)
    return found


def patched(text: str, diff: list[str]) -> str:
    """Return a text with lines added and replaced; each must have a place of its own."""
    for hunk in filter(None, "\n".join([*diff, ""]).split("@@\n")):
        lines = hunk.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line[0] in " -")
        after = "".join(line[1:] for line in lines if line[0] in " +")
        assert text.count(before) == 1, f"no single place for\n{hunk}"
        text = text.replace(before, after)
    return text


@dataclass
class Stranger:
    """A site in a folder, with an environment that has the wheel and nothing of this project."""

    python: Path
    folder: Path
    settings: str = "mysite.settings"

    @classmethod
    def make(cls, base: Path, folder: Path, *requirements: str) -> "Stranger":
        """Make the environment, install into it, start the project and change its five lines."""
        venv = folder / "venv"
        subprocess.run([base, "-m", "venv", "--without-pip", venv], check=True)
        python = venv / "bin" / "python"
        subprocess.run(
            [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet",
             "--no-compile", *requirements], check=True,
        )  # fmt: skip
        stranger = cls(python, folder / "mysite")
        stranger.folder.mkdir()
        stranger.run("-m", "django", "startproject", "mysite", ".").check_returncode()
        for name, diff in changes().items():
            path = stranger.folder / name
            path.write_text(patched(path.read_text(), diff))
        return stranger

    def use(self, settings: str) -> None:
        """Go on with the site's settings and these lines below them."""
        self.settings = "mysite.tried"
        text = f"import os\n\nfrom .settings import *\n\n{settings}"
        (self.folder / "mysite" / "tried.py").write_text(text)

    @property
    def environment(self) -> dict[str, str]:
        """Return this process's environment without what is meant for this project."""
        ours = ("PYTHON", "DJANGO", "SPRITES", "DATABASE_URL", "MEDIA_ROOT", "DEBUG")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
        return {**kept, "DJANGO_SETTINGS_MODULE": self.settings, "PYTHONUNBUFFERED": "1"}

    def run(self, *arguments: str | Path, **more: str) -> "subprocess.CompletedProcess[str]":
        """Run the environment's Python in the folder of the site."""
        return subprocess.run(
            [self.python, *arguments], cwd=self.folder, capture_output=True, text=True,
            env={**self.environment, **more}, timeout=120,
        )  # fmt: skip

    def manage(self, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """Run ``manage.py`` to its end; fails where it does."""
        done = self.run("manage.py", *arguments, **more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    @contextmanager
    def serve(self, prefix: str = "") -> Iterator[Browser]:
        """Run the development server, and give a browser of it."""
        command = [str(self.python), "manage.py", "runserver", "--noreload", "127.0.0.1:0"]
        with (self.folder / "server.log").open("w") as log:
            server = subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=log,
                text=True,
            )  # fmt: skip
            assert server.stdout is not None
            try:
                lines = iter(server.stdout.readline, "")
                found = (re.search(r"server at (http://\S+:\d+/)", line) for line in lines)
                address = next(match[1] for match in found if match)
                yield Browser(address + prefix)
            finally:
                server.terminate()
                server.wait(60)
                server.stdout.close()

    @property
    def log(self) -> str:
        """Return what the server wrote about its requests and errors."""
        return (self.folder / "server.log").read_text()
