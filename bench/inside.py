"""The command with a clock inside: ``python -m bench.inside FACTS fetch_sprites …``.

Works like ``manage.py``, and then writes to the file FACTS how many seconds this process spent in
the database and how many MB of memory it had at its peak, without its children.
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

_CALLS = {
    SQLiteCursorWrapper: ("execute", "executemany", "fetchone", "fetchmany", "fetchall"),
    BaseDatabaseWrapper: ("connect", "commit", "rollback"),
}


class Clock:
    """Seconds spent in calls, those inside another one counted once."""

    def __init__(self) -> None:
        self.seconds, self._depth = 0.0, 0

    def watch(self, owner: type, name: str) -> None:
        """Count the time of a method from now on."""
        method: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(method)
        def timed(*args: Any, **kwargs: Any) -> Any:
            began, self._depth = time.perf_counter(), self._depth + 1
            try:
                return method(*args, **kwargs)
            finally:
                self._depth -= 1
                if not self._depth:
                    self.seconds += time.perf_counter() - began

        setattr(owner, name, timed)


def main(facts: str, *words: str) -> None:
    """Run a command of Django's and write what the clock says."""
    clock = Clock()
    for owner, names in _CALLS.items():
        for name in names:
            clock.watch(owner, name)
    try:
        execute_from_command_line(["manage.py", *words])
    finally:
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        Path(facts).write_text(json.dumps({"database": clock.seconds, "memory": memory}))


if __name__ == "__main__":
    main(*sys.argv[1:])
