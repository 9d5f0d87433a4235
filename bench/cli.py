"""``python -m bench [PART …]``: measure, print and keep what was found, and write the page.

Without parts it measures all of them and then writes the page. ``page`` alone writes it from what
each part found last, which is kept in ``.bench``.
"""

import argparse
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

from . import (
    again,
    beside,
    classroom,
    crowd,
    database,
    latency,
    mirror,
    overhead,
    page,
    scale,
    server,
    singles,
    stages,
    without,
    workers,
)
from .findings import Findings
from .lab import HOME, Lab, open_lab

PARTS: dict[str, Callable[[Lab, int], Findings]] = {
    "server": server.measure,
    "beside": beside.measure,
    "crowd": crowd.measure,
    "singles": singles.measure,
    "stages": stages.measure,
    "latency": latency.measure,
    "again": again.measure,
    "workers": workers.measure,
    "database": database.measure,
    "scale": scale.measure,
    "overhead": overhead.measure,
    "without": without.measure,
    "mirror": mirror.measure,
    "class": classroom.measure,
}
DATA = Path("../shared/pokeapi")


def main() -> None:
    """Do what is asked for."""
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # nginx must not outlive this process
    if parts := [name for name in options.parts or PARTS if name in PARTS]:
        with open_lab(options.data, options.only) as lab:
            for name in parts:
                _measure(name, lab, options.rounds)
    if not options.parts or "page" in options.parts:
        page.write({name: _kept(name) for name in PARTS if _file(name).exists()})


def _measure(name: str, lab: Lab, rounds: int) -> None:
    """Measure a part, keep what it found, and print it."""
    print(f"{name} …", file=sys.stderr, flush=True)
    found = replace(PARTS[name](lab, rounds), when=_now())
    _file(name).write_text(json.dumps(asdict(found), ensure_ascii=False, indent=1))
    rows = [row for table in found.tables for row in table.rows]
    for row in [*rows, *(target.row for target in found.targets)]:
        print("  ".join(row), flush=True)


def _file(name: str) -> Path:
    return HOME / f"{name}.json"


def _kept(name: str) -> Findings:
    return Findings.read(json.loads(_file(name).read_text()))


def _now() -> str:
    """Return the day, and the commit that was measured."""
    words = ["git", "describe", "--always", "--dirty=+"]
    said = subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
    return f"{date.today():%Y-%m-%d}, at {said}" if said else f"{date.today():%Y-%m-%d}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} or page")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of a race (default 5)")
    parser.add_argument("--only", default="*", help="a glob of contenders' names, for beside")
    parser.add_argument("--data", type=Path, default=DATA, help="PokéAPI's real data")
    return parser
