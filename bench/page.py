"""The findings of all parts in, ``docs/benchmarks.md`` and its plot out.

Only what stands between the page's two marks is written; the words around it are by hand.
"""

import os
import platform
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .findings import Findings, Table
from .plot import bars

PAGE, PLOT = Path("docs/benchmarks.md"), Path("docs/images/benchmark.svg")
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
_PACKAGES = "Django Pillow isal httptools msgspec pycurl requests aiohttp httpx gunicorn".split()
_MODEL, _MEMORY = r"model name\s*:\s*(.+)", r"MemTotal:\s*(\d+)"
_TARGETS = ("what", "at most", "median (min–max)", "reached", "command")


def write(findings: Mapping[str, Findings]) -> None:
    """Write what was measured into the page, and draw the plot."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    measured = "\n\n".join(_measured(findings))
    PAGE.write_text(f"{before}{BEGIN}\n\n{measured}\n\n{END}{after}")
    if "beside" in findings:
        title = "5,000 sprites: wall seconds, median and minimum–maximum"
        PLOT.write_text(bars(title, findings["beside"].bars))


def _measured(findings: Mapping[str, Findings]) -> Iterator[str]:
    yield f"Measured on {machine()}."
    yield "\n".join(_lines(_TARGETS, _target_rows(findings)))
    for found in findings.values():
        for table in found.tables:
            yield from _section(table, found.when)
        if found.bars:
            yield f"![Wall seconds of each](images/{PLOT.name})"


def _target_rows(findings: Mapping[str, Findings]) -> Iterator[Sequence[str]]:
    for name, found in findings.items():
        for target in found.targets:
            yield *target.row, f"`python -m bench {name}`"


def _section(table: Table, when: str) -> Iterator[str]:
    yield f"## {table.heading}"
    yield f"{table.note} ({when})"
    yield "\n".join(_lines(table.columns, table.rows))


def _lines(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def machine() -> str:
    """Describe the machine and the versions, without any name of its own."""
    parts = [
        f"{os.cpu_count()} cores ({_find('/proc/cpuinfo', _MODEL)})",
        f"{int(_find('/proc/meminfo', _MEMORY)) / 1024**2:.0f} GB of memory",
        f"Linux {platform.release().partition('-')[0]}",
        f"CPython {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
        *(f"{name} {_version(name)}" for name in _PACKAGES if _version(name)),
        *(said for said in map(_tool, ("nginx", "curl", "aria2c", "wget")) if said),
    ]
    return ", ".join(parts)


def _find(file: str, pattern: str) -> str:
    found = re.search(pattern, Path(file).read_text())
    return found[1].strip() if found else "0"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _tool(name: str) -> str:
    """Return a tool's name and version, or "" where it is not installed."""
    path = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if path is None:
        return ""
    flag = "-v" if name == "nginx" else "--version"
    said = subprocess.run([path, flag], capture_output=True, text=True, check=True)
    found = re.search(r"\d+\.\d+(?:\.\d+)?", said.stdout + said.stderr)
    return f"{name} {found[0]}" if found else name
