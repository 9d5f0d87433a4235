"""What a run asks of its storage first: each machine writes a file, and the parent looks for it."""

import uuid

from ..errors import SpritesError, UsageError
from ..worker.records import Job, ProbeJob
from ..worker.storage import INCOMING, Store
from .schedule import Schedule

_TEXT = "probe"


def probe(store: Store, schedule: Schedule[Job], machines: int, executor: str) -> None:
    """Let each machine write a file and look whether it is here; raises UsageError if not."""
    names = [f"{INCOMING}/{uuid.uuid4().hex}.probe" for _ in range(machines)]
    done = list(schedule.run([ProbeJob(name, _TEXT) for name in names]))
    seen = [name for name in names if store.holds(name, len(_TEXT))]
    try:
        for name in seen:
            store.delete(name)
    except SpritesError as error:
        raise UsageError(f"the media storage deletes no file: {error.detail}") from None
    for finished in done:
        if failure := finished.outcome.failure:
            raise UsageError(f"the media storage can't be written to: {failure.detail}")
    if len(seen) < len(done):
        raise UsageError(f"what executor {executor!r} stores is not in the storage of this process")
