"""The command beside itself without one thing: what that thing saves.

``python -m bench.without THING fetch_sprites …`` works like ``manage.py``, but without it. The part
runs the command as it is and without each of the things, in turns.
"""

import contextlib
import gc
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from django.core.management import execute_from_command_line

from sprites.executors import cores
from sprites.management import memory
from sprites.worker import http
from sprites.worker.compute_lock import ComputeLock

from .contenders import Contender, selection
from .cost import Cost
from .findings import Findings, Spread, Table
from .lab import Lab
from .ours import Site
from .race import run

SLOW = ("--workers", "128")
"""The options of the way that goes to the server which answers after 50 ms."""
WAYS = (("--workers", "8"), ("--workers", "32"), SLOW, ("--workers", "8", "--dry-run"))
NOTE = """\
{count} sprites on threads, from nginx on loopback, which answers 128 workers after 50 ms and others
at once; {rounds} rounds in turns: median (minimum–maximum) of the whole process. Command:
`python -m bench without --rounds {rounds}`, which runs `python -m bench.without THING
fetch_sprites --limit {limit} --sprites all …`."""


@contextlib.contextmanager
def _no_lock(lock: ComputeLock) -> Iterator[None]:
    yield


THINGS: dict[str, tuple[object, str, Callable[..., object]]] = {
    "nothing": (gc, "freeze", gc.freeze),
    "compute_lock": (ComputeLock, "held", _no_lock),
    "give_back": (http, "give_back", lambda: False),
    "one core": (cores, "stay_on", lambda chosen: None),
    "mallopt": (memory, "_return_large_blocks", lambda: None),
    "gc.freeze": (gc, "freeze", lambda: None),
}
"""What can be left out: where it is, and what stands in for it."""


def measure(lab: Lab, rounds: int) -> Findings:
    """Run the command without each thing in some ways; a dry run only reads documents."""
    rows = []
    for way in WAYS:
        each = [_contender(lab, thing, way) for thing in THINGS]
        files = 0 if "--dry-run" in way else len(lab.tree.paths)
        for thing, costs in run(each, rounds, files, lab.work).items():
            rows.append([f"`{' '.join(way)}`", thing, *_figures(costs)])
    note = NOTE.format(count=len(lab.tree.paths), rounds=rounds, limit=lab.tree.limit)
    columns = ("options", "without", "wall s", "CPU s", "MB")
    return Findings(tables=[Table("What small things save", note, columns, rows)])


def _contender(lab: Lab, thing: str, way: tuple[str, ...]) -> Contender:
    options = [*selection(lab.tree), "--executor", "threads", *way]
    origin = lab.nginx.slow_url if way == SLOW else lab.nginx.url

    def race(folder: Path) -> Cost:
        site = Site(folder, origin)
        site.prepare()
        return site.without(thing, *options).cost

    return Contender(thing, "", race)


def _figures(costs: list[Cost]) -> list[str]:
    return [
        f"{Spread.of(each.wall for each in costs)}",
        f"{Spread.of(each.cpu for each in costs)}",
        f"{Spread.of(each.memory for each in costs):.0f}",
    ]


if __name__ == "__main__":
    setattr(*THINGS[sys.argv[1]])
    execute_from_command_line(["manage.py", *sys.argv[2:]])
