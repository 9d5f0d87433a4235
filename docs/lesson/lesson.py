"""What all steps share: a step in, its run timed and told in one line.

Out: the images in ``--folder``, a line on stdout, and with ``--trace FILE`` every task as Trace
Events, which Perfetto opens and ``picture.py`` draws.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tasks import Done, get_urls

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sprites.management.trace import Trace, open_trace
from sprites.sync.events import Attempt
from sprites.worker.records import Job, Kind, Meter, Outcome, ResourceJob, SpriteJob

Step = Callable[[list[str], Path, int], Iterable[Done]]
"""How a step gets done: URLs, the folder of the images and a number of workers in."""


def teach(step: Step) -> None:
    """Run a step as a command, and say what its workers did."""
    options = parser().parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with open_trace(options.trace) as trace:
        began = time.perf_counter()
        urls = get_urls(options.api, options.limit)
        done = list(step(urls, options.folder, options.workers))
        print(told(done, time.perf_counter() - began))
        if trace:
            for one in done:
                write(trace, one)


def parser() -> argparse.ArgumentParser:
    """Return the options that every step has."""
    options = argparse.ArgumentParser()
    options.add_argument("--api", default="http://127.0.0.1:8765/api/v2/")
    options.add_argument("--folder", type=Path, default=Path("media/lesson"))
    options.add_argument("--limit", type=int, default=50, help="sprites")
    options.add_argument("--workers", type=int, default=8)
    options.add_argument("--trace", metavar="FILE")
    return options


def told(done: list[Done], seconds: float) -> str:
    """Say how many sprites, how long, and how many workers were busy at a time."""
    workers = len({one.worker for one in done})
    work = sum(one.saved - one.began for one in done)
    many = "worker" if workers == 1 else "workers"
    return (
        f"{len(done)} sprites in {seconds:.2f} s; {workers} {many} worked {work:.2f} s:"
        f" {work / seconds:.1f} busy on average"
    )


def write(trace: Trace, one: Done) -> None:
    """Add the two requests of a sprite to a trace, as the project's own runs do."""
    number = int(one.url.rstrip("/").rpartition("/")[2])
    jobs: tuple[tuple[Job, float, float], ...] = (
        (ResourceJob(Kind.POKEMON, one.url, number=number), one.began, one.opened),
        (SpriteJob(number, "front_default", one.url), one.opened, one.saved),
    )
    for job, start, end in jobs:
        outcome = Outcome(meter=Meter(one.worker, start, end - start, 1, 0))
        trace.add(Attempt(job, outcome, number=1, is_last=True))
