"""A command in, what it cost out: wall seconds, CPU seconds and memory, all its children included.

The command runs below a small process of its own that adopts its orphans: a process pool's workers
are children of a server that nobody waits for.
"""

import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took; ``memory`` is the peak of its largest process, in MB."""

    wall: float
    cpu: float
    memory: float
    output: str


class FailedError(Exception):
    """A contender that did not end well."""


def run(command: Sequence[str], env: Mapping[str, str] | None = None) -> Cost:
    """Run a command to its end and return what it cost; raises FailedError."""
    given = {**os.environ, **(env or {})}
    given.pop("PYTHONDONTWRITEBYTECODE", None)  # else each start would compile what was edited
    words = [sys.executable, "-m", "bench.cost", *command]
    done = subprocess.run(words, env=given, stdout=subprocess.PIPE, check=True)
    facts: dict[str, Any] = json.loads(done.stdout)
    if (code := facts.pop("code")) != 0:
        raise FailedError(f"{' '.join(command)} ended with {code}: {facts['output'][-500:]}")
    return Cost(**facts)


def _measure(command: Sequence[str]) -> dict[str, Any]:
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        code = subprocess.call(command, stdout=output)
        wall = time.perf_counter() - began
        _reap()
        output.seek(0)
        text = output.read().decode(errors="replace")
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu, memory = spent.ru_utime + spent.ru_stime, spent.ru_maxrss / 1024
    return {"wall": wall, "cpu": cpu, "memory": memory, "output": text, "code": code}


def _reap() -> None:
    """Wait for what the command left behind."""
    try:
        while True:
            os.wait()
    except ChildProcessError:
        return


if __name__ == "__main__":
    print(json.dumps(_measure(sys.argv[1:])))
