"""``--trace FILE``: a run's attempts as Trace Events, one line each, as they come.

The file is a JSON array that Perfetto and ``chrome://tracing`` open; both also take one whose end
is missing because the run was killed. Nothing is kept in memory but the names of the workers.
"""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from .errors import UsageError
from .sync.records import Job, Meter, Outcome, ProbeJob, ResourceJob, Unchanged

logger = logging.getLogger(__name__)

_HOSTS = 0
"""The process under which the pauses of hosts are shown; real ones have other numbers."""


class Trace:
    """Writes events to a file; times are microseconds since it was opened."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._began = file, time.time()
        self._broken = False
        self._threads: dict[str, tuple[int, int]] = {}
        file.write("[")
        self._separator = "\n"

    def attempt(self, job: Job, outcome: Outcome) -> None:
        """Write an attempt as a slice on its worker's track."""
        meter = outcome.meter
        if meter is not None:
            where, category = self._thread(meter.worker), _category(job, outcome)
            facts = _facts(job, outcome, meter)
            self._slice(where, meter.started, meter.seconds, _name(job), category, facts)

    def pause(self, host: str, seconds: float) -> None:
        """Write a host's pause as a slice on a track of its own."""
        where = self._thread(host, _HOSTS)
        self._slice(where, time.time(), seconds, f"pause of {host}", "pause", {})

    def end(self) -> None:
        """Close the array and the file."""
        if not self._broken:
            self._line("\n]\n")
        with suppress(OSError):
            self._file.close()

    def _slice(
        self,
        where: tuple[int, int],
        start: float,
        seconds: float,
        name: str,
        category: str,
        facts: dict[str, Any],
    ) -> None:
        at, length = round((start - self._began) * 1e6), round(seconds * 1e6)
        span = {"ts": at, "dur": length, "pid": where[0], "tid": where[1]}
        self._event(name=name, cat=category, ph="X", **span, args=facts)

    def _thread(self, worker: str, process: int | None = None) -> tuple[int, int]:
        """Return a worker's process and thread; tell the viewer its name when it is new."""
        if worker not in self._threads:
            number = len(self._threads) + 1
            pid, _, tid = worker.partition(":")
            where = (int(pid), int(tid)) if process is None else (process, number)
            self._threads[worker] = where
            name = f"worker {number}" if process is None else worker
            self._meta("process_name", where, "sprites" if process is None else "hosts")
            self._meta("thread_name", where, name)
        return self._threads[worker]

    def _meta(self, what: str, where: tuple[int, int], name: str) -> None:
        self._event(name=what, ph="M", pid=where[0], tid=where[1], args={"name": name})

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
            self._broken = True
            logger.warning("the trace ends here: %s", error)


@contextmanager
def open_trace(path: str | None) -> Iterator[Trace | None]:
    """Open a trace file for a run, if one is asked for; raises UsageError where it can't be."""
    if path is None:
        yield None
        return
    try:
        file = open(path, "w", buffering=1, encoding="utf-8")  # noqa: SIM115 # Trace.end does
    except OSError as error:
        raise UsageError(f"--trace {path!r} can't be written: {error.strerror}") from None
    trace = Trace(file)
    try:
        yield trace
    finally:
        trace.end()


def _name(job: Job) -> str:
    if isinstance(job, ProbeJob):
        return "probe the storage"
    if isinstance(job, ResourceJob):
        return job.kind.value if job.pokemon is None else f"{job.kind} {job.pokemon}"
    return f"{job.pokemon}/{job.key}"


def _category(job: Job, outcome: Outcome) -> str:
    if outcome.failure is not None:
        return "failure"
    if isinstance(outcome.result, Unchanged):
        return "unchanged"
    return {ProbeJob: "probe", ResourceJob: "json"}.get(type(job), "image")


def _facts(job: Job, outcome: Outcome, meter: Meter) -> dict[str, Any]:
    facts: dict[str, Any] = {"requests": meter.requests, "bytes": meter.bytes}
    if not isinstance(job, ProbeJob):
        facts["url"] = job.url
    if failure := outcome.failure:
        facts |= {"code": failure.code, "status": failure.status, "detail": failure.detail}
    return facts
