"""The command beside itself without one thing: what that thing saves.

``python -m bench.without THING fetch_sprites …`` works like ``manage.py``, without it. The part
measures each of them, and the command as it is, in turns.
"""

import contextlib
import gc
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from django.core.management import execute_from_command_line

from sprites.management import memory
from sprites.worker.compute_lock import ComputeLock

from .contenders import Contender, selection
from .cost import Cost
from .findings import Findings, Spread, Table
from .lab import Lab
from .ours import Site
from .race import run

WORKERS = (8, 32)
AS_IT_IS = "as it is"
NOTE = """\
{count} sprites on threads, from nginx on loopback, {rounds} rounds in turns: median
(minimum–maximum) of the whole process. Command: `python -m bench without --rounds {rounds}`, which
runs `python -m bench.without THING fetch_sprites --limit {limit} --sprites all --workers N`."""


@contextlib.contextmanager
def _no_lock(lock: ComputeLock) -> Iterator[None]:
    yield


THINGS: dict[str, tuple[object, str, Callable[..., object]]] = {
    "compute_lock": (ComputeLock, "held", _no_lock),
    "mallopt": (memory, "_return_large_blocks", lambda: None),
    "gc.freeze": (gc, "freeze", lambda: None),
}
"""What can be left out: where it is, and what stands in for it."""


def measure(lab: Lab, rounds: int) -> Findings:
    """Let the command run as it is and without each thing, with few and with many workers."""
    names = [AS_IT_IS, *(f"without {thing}" for thing in THINGS)]
    rows = []
    for workers in WORKERS:
        each = [_contender(lab, name, workers) for name in names]
        for name, costs in run(each, rounds, len(lab.tree.paths), lab.work).items():
            rows.append([str(workers), name, *_figures(costs)])
    note = NOTE.format(count=len(lab.tree.paths), rounds=rounds, limit=lab.tree.limit)
    columns = ("workers", "command", "wall s", "CPU s", "MB")
    return Findings(tables=[Table("What small things save", note, columns, rows)])


def _contender(lab: Lab, name: str, workers: int) -> Contender:
    options = [*selection(lab.tree), "--executor", "threads", "--workers", str(workers)]

    def race(folder: Path) -> Cost:
        site = Site(folder, lab.nginx.url)
        site.prepare()
        thing = name.removeprefix("without ")
        return (site.fetch(*options) if name == AS_IT_IS else site.without(thing, *options)).cost

    return Contender(name, "", race)


def _figures(costs: list[Cost]) -> list[str]:
    return [
        f"{Spread.of(each.wall for each in costs)}",
        f"{Spread.of(each.cpu for each in costs)}",
        f"{Spread.of(each.memory for each in costs):.0f}",
    ]


if __name__ == "__main__":
    setattr(*THINGS[sys.argv[1]])
    execute_from_command_line(["manage.py", *sys.argv[2:]])
