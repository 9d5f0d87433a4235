"""The command with a clock inside: ``python -m bench.inside FACTS fetch_sprites …``.

Works like ``manage.py``, and then writes to the file FACTS how many seconds this process spent in
each stage and how many MB of memory it had at its peak, without its children. The workers' stages
are only timed well where there is one of them.
"""

import functools
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management import execute_from_command_line
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.sqlite3.base import SQLiteCursorWrapper

from sprites.worker import http, images, pokeapi
from sprites.worker.storage import Store

_STAGES: dict[str, dict[Any, tuple[str, ...]]] = {
    "network": {http: ("get",)},
    "documents": {pokeapi: ("parse",)},
    "images": {images: ("inspect",)},
    "storage": {Store: ("put",)},
    "database": {
        SQLiteCursorWrapper: ("execute", "executemany", "fetchone", "fetchmany", "fetchall"),
        BaseDatabaseWrapper: ("connect", "commit", "rollback"),
    },
}


class Clock:
    """Seconds spent in calls, those inside another one counted once."""

    def __init__(self) -> None:
        self.seconds, self._depth = 0.0, 0

    def watch(self, owner: Any, name: str) -> None:
        """Count the time of a function from now on."""
        function: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            began, self._depth = time.perf_counter(), self._depth + 1
            try:
                return function(*args, **kwargs)
            finally:
                self._depth -= 1
                if not self._depth:
                    self.seconds += time.perf_counter() - began

        setattr(owner, name, timed)


def main(facts: str, *words: str) -> None:
    """Run a command of Django's and write what the clocks say."""
    clocks = {stage: Clock() for stage in _STAGES}
    for stage, calls in _STAGES.items():
        for owner, names in calls.items():
            for name in names:
                clocks[stage].watch(owner, name)
    try:
        execute_from_command_line(["manage.py", *words])
    finally:
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        seconds = {stage: clock.seconds for stage, clock in clocks.items()}
        Path(facts).write_text(json.dumps({"seconds": seconds, "memory": memory}))


if __name__ == "__main__":
    main(*sys.argv[1:])
