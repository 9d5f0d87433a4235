"""What a test's workers do, and a storage that is no folder of the site's own."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

from django.core.files.storage import FileSystemStorage, Storage

from sprites.errors import Code
from sprites.worker.records import Failure, Outcome

from ..sync.scripted import Job

Work = Callable[[Job], Outcome]


def kill_on_seven(job: Job) -> Outcome:
    """Kill the worker that is given job 7."""
    if job.number == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return Outcome()


def fail_on_three(job: Job) -> Outcome:
    """Fail on job 3, which is not tried again."""
    return Outcome(failure=Failure(Code.EMPTY, "made") if job.number == 3 else None)


def until(path: str) -> Outcome:
    """Wait until a file is there."""
    while not Path(path).exists():
        threading.Event().wait(0.01)
    return Outcome()


def place() -> Outcome:
    """Return the number of the process that this is called in."""
    return Outcome(snapshot=str(os.getpid()))


class Elsewhere(Storage):
    """A folder behind the bare Storage API, as a bucket is: only its alias travels."""

    def __init__(self, location: str) -> None:
        folder = FileSystemStorage(location)
        for name in ("open", "save", "delete", "exists", "listdir", "size", "url"):
            setattr(self, name, getattr(folder, name))
