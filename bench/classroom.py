"""A class of thirty at once, against one site on two processes, and a visitor of its pages.

In: a Lab and a number of rounds. Out: Findings. The students are whole processes with a database
and a folder each, on the cores that the site has as well; wrk then opens as many connections and
costs next to nothing, as students on machines of their own do.
"""

import json
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .findings import Findings, Spread, Table, Target
from .lab import Lab
from .ours import MANAGE, Site
from .server import ask
from .teacher import PROCESSES, Teacher, Visitor, teach

STUDENTS, WORKERS, EACH = 30, 8, 211
ALL = STUDENTS * EACH
MAX_ROUNDS, SECONDS = 3, 5
PACKED = 'wrk.headers["Accept-Encoding"] = "gzip"\n'
OPTIONS = ("fetch_sprites", "--workers", str(WORKERS), "--format", "json", "-v0")
COLUMNS = ("what", "median (min–max)")
NOTE = f"""\
{STUDENTS} times `fetch_sprites --workers {WORKERS}` at once, for the first 100 Pokémon, against the
site that `make class` starts, on {PROCESSES} processes. *The least* is CPU ÷ {PROCESSES} cores: of
the site and the students, who share them here, and of the site alone under `wrk -t1
-c{STUDENTS * WORKERS}`, which asks for the same over as many connections. {{rounds}} rounds.
Command: `python -m bench class --rounds {{rounds}}`."""
_NAME = f"class of {STUDENTS}"
_COUNT = f"{_NAME}: requests more or fewer than {ALL:,}"
_ERRORS = f"{_NAME}: errors and retries"
_RATIO, _WRK_RATIO = f"{_NAME}: wall ÷ the least", "wrk: wall ÷ the least"
AT_MOST = {_COUNT: 0, _ERRORS: 0, _RATIO: 2, _WRK_RATIO: 2}

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Class:
    """What thirty students cost: wall seconds, CPU of the site and theirs, and what went wrong."""

    wall: float
    site: float
    students: float
    errors: int


def measure(lab: Lab, rounds: int) -> Findings:
    """Teach some times."""
    rounds = min(rounds, MAX_ROUNDS)
    site = lab.site()
    site.fetch("--workers", str(WORKERS))
    found = [_round(lab, site) for _ in range(rounds)]
    spreads = {name: Spread.of(each[name] for each in found) for name in found[0]}
    rows = [(name, f"{spread:.2f}") for name, spread in spreads.items() if name not in AT_MOST]
    return Findings(
        [Target(name, most, spreads[name]) for name, most in AT_MOST.items() if name in spreads],
        [Table("A class of thirty", NOTE.format(rounds=rounds), COLUMNS, rows)],
    )


def _round(lab: Lab, site: Site) -> Figures:
    """Serve anew, and return all figures of a round by their names."""
    with teach(site) as teacher:
        with Visitor(teacher).there() as visitor:
            done = attend(teacher, lab.work / "students")
        asked = teacher.asked()
        figures = _figures(done, asked) | dict(_pages(_NAME, visitor))
        if shutil.which("wrk"):
            figures |= _wrk(lab.work, teacher, sorted({path for path, _ in asked}))
    return figures


def _figures(done: Class, asked: Sequence[tuple[str, str]]) -> Figures:
    refused = sum(status != "200" for _, status in asked)
    return {
        _COUNT: abs(len(asked) - ALL),
        _ERRORS: done.errors + refused,
        _RATIO: done.wall * PROCESSES / (done.site + done.students),
        f"{_NAME}: wall, s": done.wall,
        f"{_NAME}: CPU of the students, s": done.students,
        f"{_NAME}: CPU of the site, s": done.site,
        f"{_NAME}: CPU of the site a request, ms": done.site / ALL * 1000,
    }


def _pages(name: str, visitor: Visitor) -> Iterator[tuple[str, float]]:
    for page, median, worst in visitor.rows():
        yield f"{name}: {page}, ms, the median", median
        yield f"{name}: {page}, ms, the worst", worst


def attend(teacher: Teacher, folder: Path) -> Class:
    """Let all students run the command at once, and wait for the last."""
    shutil.rmtree(folder, ignore_errors=True)
    students = [Site(folder / str(number), teacher.url) for number in range(STUDENTS)]
    for each in students:
        each.prepare()
    spent, theirs, began = teacher.cpu(), _waited_for(), time.perf_counter()
    running = [_start(each) for each in students]
    reports = [json.loads(process.communicate()[0]) for process in running]
    wall = time.perf_counter() - began
    errors = sum(process.returncode != 0 for process in running)
    errors += sum(len(each["failures"]) + each["retries"] for each in reports)
    return Class(wall, teacher.cpu() - spent, _waited_for() - theirs, errors)


def _start(student: Site) -> "subprocess.Popen[bytes]":
    env = student.env | {"SPRITES_ALLOW_HTTP": "true"}
    return subprocess.Popen([*MANAGE, *OPTIONS], env=env, stdout=subprocess.PIPE)


def _waited_for() -> float:
    """Return the seconds of CPU of all processes that this one has waited for."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _wrk(work: Path, teacher: Teacher, paths: Sequence[str]) -> Figures:
    """Return what the site does when the students cost nothing."""
    spent = teacher.cpu()
    with Visitor(teacher).there() as visitor:
        count, rate = ask(work, teacher.url, paths, STUDENTS * WORKERS, SECONDS, PACKED)
    cpu = teacher.cpu() - spent
    return {
        _WRK_RATIO: PROCESSES / (cpu / count) / rate,
        "wrk: requests a second": rate,
        f"wrk: {ALL:,} requests, s": ALL / rate,
        **dict(_pages("wrk", visitor)),
    }
