"""How a run grows: the lecture's 100, 5,000 sprites, all of upstream, and more than that.

In: a Lab. Out: Findings: a table, and the memory of the command's own process at 52,286 sprites
against 5,000. Beyond upstream nothing is fetched: ``instant`` answers in the place of the workers,
and the rest of the run is real.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .contenders import selection
from .findings import Findings, Spread, Table, Target
from .lab import Lab
from .nginx import LATENCY, Nginx, free_ports
from .ours import Inside, Run, Site
from .tree import MANY_LARGE, write_documents, write_images, write_species
from .whole import Whole

ALL = ("--all", "--sprites", "all")
MAX_DATABASE = 60
INSTANT = (50_000, 200_000)
COLUMNS = ("run", "sprites", "requests", "seconds", "CPU s", "MB", "database, MB", "images, MB")
NOTE = """\
One run each, on threads with 8 workers, without latency; MB of memory at the peak of the command's
own process. Images on disk are what their blocks take. The simulated lines have no images: an
executor answers each job at once, and all else is the real run.
Command: `python -m bench scale`."""

PAPER, WORKERS = (100, 5_000, 52_286, 1_000_000, 10_000_000), (32, 256)
PAPER_COLUMNS = (
    "sprites",
    "requests",
    *(f"least, 50 ms, {count} workers" for count in WORKERS),
    "CPU in all",
    "CPU of the own process",
    "MB",
    "database, MB",
    "images, MB",
)
PAPER_NOTE = """\
Straight lines through the table above: requests, CPU in all and images a sprite from the largest
real run; CPU and memory of the command's own process, and the database, from the simulated ones."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A run, and how many MB it left."""

    name: str
    run: Run
    inside: Inside
    database: float
    images: float

    @property
    def row(self) -> list[str]:
        """Return what the table says."""
        report = self.run.report
        spent = (report["seconds"], self.run.cost.cpu)
        sizes = (self.inside.memory, self.database, self.images)
        return [
            self.name,
            *map("{:,}".format, (self.sprites, report["requests"])),
            *map("{:.1f}".format, spent),
            *map("{:.0f}".format, sizes),
        ]

    @property
    def sprites(self) -> int:
        """Return how many sprites the run was for."""
        return int(self.run.report["sprites"]["wanted"])


def measure(lab: Lab, rounds: int) -> Findings:
    """Run each size once, whatever the number of rounds."""
    some = _sample("5,000", lab.site(), *selection(lab.tree))
    samples = [_sample("the lecture's", lab.site()), some]
    targets = []
    if lab.source.is_real:
        samples.append(_everything(lab))
        memory = samples[-1].inside.memory
        ratio = memory / some.inside.memory
        targets = [
            Target("memory: parent at 52,286 sprites ÷ at 5,000", 1.15, Spread.of([ratio])),
            Target("memory: parent at 52,286 sprites, MB", 80, Spread.of([memory])),
            Target(
                "database: 52,286 sprites, documents and names, MB",
                MAX_DATABASE,
                Spread.of([samples[-1].database]),
            ),
        ]
    real, simulated = samples[-1], list(_simulated(lab))
    rows = [each.row for each in (*samples, *simulated)]
    paper = Table("On paper", PAPER_NOTE, PAPER_COLUMNS, _paper(real, *simulated))
    return Findings(targets, [Table("Growth", NOTE, COLUMNS, rows), paper])


def _sample(name: str, site: Site, *options: str, **env: str) -> Sample:
    run, inside = site.watch(*options, **env)
    return Sample(name, run, inside, _size(site.folder.glob("db.sqlite3*")), _size(site.media()))


def _size(files: Iterator[Path]) -> float:
    return sum(file.stat().st_blocks * 512 for file in files) / 1e6


def _everything(lab: Lab) -> Sample:
    """Serve a tree as large as upstream, and mirror it."""
    home = lab.work / "everything"
    nginx = Nginx(home / "tree", home / "nginx", free_ports())
    world = Whole(lab.source.world(nginx.url))
    documents = write_documents(home / "tree", nginx.url, world)
    write_species(home / "tree", nginx.url, world)
    paths = (path for each in documents for path in each.values())
    write_images(home / "tree", paths, lab.source.pictures(MANY_LARGE))
    with nginx:
        return _sample("all of upstream", lab.site(nginx.url), *ALL, "--species")


def _simulated(lab: Lab) -> Iterator[Sample]:
    for sprites in INSTANT:
        executor = ("--executor", "bench.instant.Instant")
        yield _sample("simulated", lab.site(), *ALL, *executor, BENCH_SPRITES=str(sprites))


def _paper(real: Sample, small: Sample, large: Sample) -> list[list[str]]:
    """Extrapolate in straight lines from the largest real run and two simulated ones."""
    more = large.sprites - small.sprites
    memory = (large.inside.memory - small.inside.memory) / more
    requests = real.run.report["requests"] / real.sprites
    each = {
        "cpu": real.run.cost.cpu / real.sprites,
        "own": (large.run.cost.cpu - small.run.cost.cpu) / more,
        "database": large.database / large.sprites,
        "images": real.images / real.sprites,
    }
    base = small.inside.memory - memory * small.sprites
    return [
        [
            f"{count:,}",
            f"{count * requests:,.0f}",
            *(_time(count * requests * LATENCY / workers) for workers in WORKERS),
            *(_time(count * each[name]) for name in ("cpu", "own")),
            f"{base + memory * count:,.0f}",
            *(f"{count * each[name]:,.0f}" for name in ("database", "images")),
        ]
        for count in PAPER
    ]


def _time(seconds: float) -> str:
    minutes = seconds / 60
    if minutes < 1:
        return f"{seconds:.1f} s"
    return f"{minutes:.1f} min" if minutes < 60 else f"{minutes / 60:.1f} h"
