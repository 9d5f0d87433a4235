"""``--trace FILE``: a run's attempts as Trace Events, one line each, as they come.

The file is a JSON array that Perfetto and ``chrome://tracing`` open; both also take one whose end
is missing because the run was killed. Nothing is kept in memory but the names of the workers.
"""

import json
import logging
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import Any, TextIO

from ..errors import UsageError
from ..sync.events import Attempt, Pause
from ..sync.identity import process_name
from ..worker.records import Job, Meter, Outcome, ProbeJob, ResourceJob, Unchanged

logger = logging.getLogger(__name__)

_Track = tuple[int, int]
"""A process and a thread of it, as a viewer shows them."""
_Facts = dict[str, Any]

_HOSTS = 0
"""The process under which the pauses of hosts are shown; real ones have other numbers."""


class _File:
    """A file that is written beside the one whose place it takes when it is whole.

    Another run may be at that one. So nothing is touched before the first write, when this run
    holds the lock. What can't be replaced (a terminal, a pipe, ``/dev/null``) is written as it is.
    """

    def __init__(self, path: str) -> None:
        """Raise OSError where the file could not be written."""
        self._path = Path(os.path.realpath(path))
        self._part: Path | None = None
        self._stream = _special(path)
        if self._stream is None:
            if self._path.exists():
                self._path.open("r+").close()
            self._new_part.open("x").close()
            self._new_part.unlink()

    @property
    def _new_part(self) -> Path:
        return self._path.with_name(f"{self._path.name}.{os.getpid()}.part")

    def write(self, text: str) -> None:
        """Write a text; raises OSError."""
        if self._stream is None:
            self._clear()
            self._part = self._new_part
            self._stream = _opened(self._part)
        self._stream.write(text)

    def close(self, *, whole: bool) -> None:
        """Let a part take its place if it is whole, else go; raises OSError."""
        try:
            if self._stream is not None:
                self._stream.close()
            if self._part is not None and whole:
                self._part.replace(self._path)
        finally:
            if self._part is not None:
                self._part.unlink(missing_ok=True)

    def _clear(self) -> None:
        """Delete the parts that killed runs have left."""
        for part in self._path.parent.glob(f"{escape(self._path.name)}.*.part"):
            process = part.suffixes[-2][1:]
            if process.isdecimal() and not process_name(int(process)):
                part.unlink(missing_ok=True)


def _special(path: str) -> TextIO | None:
    """Open what is no file of the trace's own: a device, a pipe, or what stdout or stderr is."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    for number in (1, 2):
        with suppress(OSError):
            if os.path.samestat(found, os.fstat(number)):
                return _opened(os.dup(number))
    is_own = stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)
    return None if is_own else _opened(path)


def _opened(file: str | Path | int) -> TextIO:
    """Open a file for lines of JSON, which escapes a lone surrogate just so."""
    return open(file, "w", buffering=1, encoding="utf-8", errors="backslashreplace")


class Trace:
    """Writes events to a file; times are microseconds since the trace began."""

    def __init__(self, file: _File) -> None:
        self._file, self._began = file, time.time()
        self._broken = False
        self._tracks: dict[str, _Track] = {}
        self._separator = "[\n"

    def add(self, event: Attempt[Job] | Pause) -> None:
        """Write an attempt as a slice on its worker's track, a host's pause on one of its own."""
        if isinstance(event, Attempt):
            self._attempt(event.job, event.outcome)
        else:
            where, name = self._track(event.host, _HOSTS), f"pause of {event.host}"
            self._slice(where, event.at, event.seconds, name, "pause", {})

    def _attempt(self, job: Job, outcome: Outcome) -> None:
        meter = outcome.meter
        if meter is not None:
            where, category = self._track(meter.worker), _category(job, outcome)
            facts = _facts(job, outcome, meter)
            self._slice(where, meter.started, meter.seconds, _name(job), category, facts)

    def end(self) -> None:
        """Close the array and the file; without an event there is none."""
        if self._tracks:
            self._line("\n]\n")
        try:
            self._file.close(whole=not self._broken)
        except OSError as error:
            self._lose(error)

    def _slice(
        self, where: _Track, start: float, seconds: float, name: str, category: str, facts: _Facts
    ) -> None:
        at, length = round((start - self._began) * 1e6), round(seconds * 1e6)
        span = {"ts": at, "dur": length, "pid": where[0], "tid": where[1]}
        self._event(name=name, cat=category, ph="X", **span, args=facts)

    def _track(self, worker: str, process: int | None = None) -> _Track:
        """Return a worker's process and thread; tell the viewer its name when it is new."""
        if worker not in self._tracks:
            number = len(self._tracks) + 1
            if process is None:
                pid, tid = map(int, worker.split(":"))
                names = {"process_name": "sprites", "thread_name": f"worker {number}"}
            else:
                pid, tid = process, number
                names = {"process_name": "hosts", "thread_name": worker}
            self._tracks[worker] = pid, tid
            for what, name in names.items():
                self._event(name=what, ph="M", pid=pid, tid=tid, args={"name": name})
        return self._tracks[worker]

    def _event(self, **event: Any) -> None:
        self._line(self._separator + json.dumps(event, ensure_ascii=False))
        self._separator = ",\n"

    def _line(self, text: str) -> None:
        """Write; a full disk ends the trace and not the run."""
        if self._broken:
            return
        try:
            self._file.write(text)
        except OSError as error:
            self._lose(error)

    def _lose(self, error: OSError) -> None:
        if not self._broken:
            logger.warning("the trace ends here: %s", error)
        self._broken = True


@contextmanager
def open_trace(path: str | None) -> Iterator[Trace | None]:
    """Make a trace for a run, if one is asked for; raises UsageError where it can't be written."""
    if path is None:
        yield None
        return
    try:
        trace = Trace(_File(path))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"--trace is {path!r}, which can't be written: {why}") from None
    try:
        yield trace
    finally:
        trace.end()


def _name(job: Job) -> str:
    if isinstance(job, ProbeJob):
        return "probe the storage"
    if isinstance(job, ResourceJob):
        return job.kind.value if job.number is None else f"{job.kind} {job.number}"
    return f"{job.pokemon}/{job.key}"


def _category(job: Job, outcome: Outcome) -> str:
    if outcome.failure is not None:
        return "failure"
    if isinstance(outcome.result, Unchanged):
        return "unchanged"
    return {ProbeJob: "probe", ResourceJob: "json"}.get(type(job), "image")


def _facts(job: Job, outcome: Outcome, meter: Meter) -> _Facts:
    facts: _Facts = {"requests": meter.requests, "bytes": meter.bytes}
    if not isinstance(job, ProbeJob):
        facts["url"] = job.url
    if failure := outcome.failure:
        facts |= {"code": failure.code, "status": failure.status, "detail": failure.detail}
    return facts
