"""Every figure of the lesson in one run: ``python docs/lesson/measure.py``.

Out: Markdown tables on stdout, the fastest of ``--times`` runs each (the one that other work on the
machine held up least), in processes of their own, against the project's own PokéAPI; with
``--pictures DIR`` the pictures of these runs.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sprites.testing import PokeAPI

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LATENCY, LIMIT, WORKERS = 0.05, 50, 8
MANY = (1, 2, 4, 8, 16, 32)
EXECUTORS = ("sync", "threads", "processes", "own_executor.ThreadPerCall")
LINE = re.compile(r"(\d+) sprites in ([\d.]+) s; .* worked ([\d.]+) s")


@dataclass(frozen=True, slots=True, order=True)
class Figure:
    """What one run took: by the clock, and by its workers together."""

    seconds: float
    work: float
    sprites: int
    trace: Path

    def row(self, name: str) -> str:
        """Return a line of a table."""
        cells = f"{self.seconds:.2f} s", f"{self.work:.2f} s", f"{self.work / self.seconds:.1f}"
        return f"| {name} | {' | '.join(cells)} | {self.sprites / self.seconds:.0f} |"


@dataclass(frozen=True)
class Bench:
    """Where the runs go: a server, a folder for what they leave, and how often each is made."""

    api: PokeAPI
    folder: Path
    times: int
    pictures: Path | None

    def table(self, first: str, runs: dict[str, Callable[[Path], Figure]]) -> None:
        """Measure some runs; print a line for each, and draw it if pictures are wanted."""
        print(f"\n| {first} | by the clock | work in all | busy on average | sprites a second |")
        print("|---|---|---|---|---|")
        for name, run in runs.items():
            fastest = min(run(self.new_folder()) for _ in range(self.times))
            print(fastest.row(name), flush=True)
            if self.pictures:
                draw(fastest.trace, self.pictures / f"lesson-{name}.svg")

    @cached_property
    def tables(self) -> Path:
        """Return a database that has its tables and nothing in them."""
        site = self.site(self.new_folder())
        python("manage.py", "migrate", "-v0", **site)
        return Path(site["DATABASE_URL"].removeprefix("sqlite:///"))

    def new_folder(self) -> Path:
        """Return an empty folder."""
        return Path(tempfile.mkdtemp(dir=self.folder))

    def step(self, name: str, workers: int = WORKERS) -> Callable[[Path], Figure]:
        """Return how a step's script is run."""

        def run(folder: Path) -> Figure:
            trace = folder / "trace.json"
            command = [str(HERE / f"{name}.py"), "--api", self.api.url, "--limit", str(LIMIT)]
            options = ["--workers", str(workers), "--folder", str(folder), "--trace", str(trace)]
            found = LINE.match(python(*command, *options))
            assert found is not None
            return Figure(float(found[2]), float(found[3]), int(found[1]), trace)

        return run

    def command(self, executor: str) -> Callable[[Path], Figure]:
        """Return how the project's command is run: each time on an empty site."""

        def run(folder: Path) -> Figure:
            shutil.copy(self.tables, folder)
            trace = folder / "trace.json"
            command = ["manage.py", "fetch_sprites", "--limit", str(LIMIT), "--format", "json"]
            options = ["--executor", executor, "--workers", str(WORKERS), "--trace", str(trace)]
            report = json.loads(python(*command, *options, **self.site(folder)))
            stored = report["sprites"]["stored"]
            return Figure(report["seconds"], report["worker_seconds"], stored, trace)

        return run

    def site(self, folder: Path) -> dict[str, str]:
        """Return the environment of a site in a folder."""
        return {
            "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
            "MEDIA_ROOT": str(folder / "media"),
            "SPRITES_API_URL": self.api.url,
        }


def python(*arguments: str, **environment: str) -> str:
    """Run Python from the project's folder, and return what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(HERE), **environment}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def draw(trace: Path, picture: Path) -> None:
    """Draw a run."""
    picture.write_text(python(str(HERE / "picture.py"), str(trace)), encoding="utf-8")


def main() -> None:
    """Measure."""
    options = argparse.ArgumentParser()
    options.add_argument("--times", type=int, default=5)
    options.add_argument("--pictures", type=Path, metavar="DIR")
    given = options.parse_args()
    with PokeAPI(latency=LATENCY) as api, tempfile.TemporaryDirectory() as folder:
        bench = Bench(api, Path(folder), given.times, given.pictures)
        steps = [path.stem for path in sorted(HERE.glob("step*.py"))]
        bench.step(steps[3])(bench.new_folder())  # the server draws each sprite once
        bench.table("step", {name: bench.step(name) for name in steps})
        bench.table("fetch_sprites", {name: bench.command(name) for name in EXECUTORS})
        bench = Bench(api, Path(folder), given.times, None)
        bench.table("workers of step 4", {str(n): bench.step(steps[3], n) for n in MANY})
    print()
    print(python(str(HERE / "computing.py")), end="")


if __name__ == "__main__":
    main()
