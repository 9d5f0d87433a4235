"""The lock: the one SyncRun that is running, held by a process that lives.

A run whose process is dead on this host is taken over at once, another host's when its heartbeat is
a minute old; a live holder is never robbed.
"""

import logging
import os
import socket
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import IntegrityError, router, transaction
from django.utils import timezone

from ..errors import LockHeldError
from ..models import SyncRun
from .again import again
from .report import ExitCode, SyncReport

logger = logging.getLogger(__name__)

TIME_TO_LIVE = timedelta(seconds=60)
_conducted: set[int] = set()
"""The runs that this process conducts: one that it does not, and whose row says so, has ended
without a database to write that to."""
_MOST_FAILURES = 1000
"""Failures that a run's row keeps; the sprites' own rows have them all."""

_TAKEN = (
    *("state", "host", "process", "started_at", "heartbeat_at", "executor", "workers", "api_url"),
)
"""The columns that a queued run gets when it begins; its Stop button may have been pressed."""

_STATES = {
    ExitCode.DONE: SyncRun.State.DONE,
    ExitCode.FAILURES: SyncRun.State.FAILED,
    ExitCode.STOPPED: SyncRun.State.STOPPED,
    ExitCode.INTERRUPTED: SyncRun.State.CANCELLED,
    ExitCode.TERMINATED: SyncRun.State.CANCELLED,
}


class Lease:
    """A run's row for as long as the run lives; ``after_stray`` if the last one left it unclear.

    The row may have been queued before.
    """

    def __init__(self, run: SyncRun, *, was_queued: bool, after_stray: bool) -> None:
        self.run = run
        self.after_stray = after_stray
        self._was_queued = was_queued

    @classmethod
    def take(cls, run: SyncRun) -> "Lease":
        """Save a run as the one that is running; raises LockHeldError where another one lives."""
        run.host, run.process = this_host(), process_name(os.getpid())
        run.started_at = run.heartbeat_at = timezone.now()
        run.state, was_queued = SyncRun.State.RUNNING, run.pk is not None
        before = SyncRun.objects.begun().order_by("-id").first()
        if holder := SyncRun.objects.filter(state=SyncRun.State.RUNNING).first():
            _take_over(holder)
        try:
            with transaction.atomic(using=router.db_for_write(SyncRun)):
                run.save(update_fields=_TAKEN if was_queued else None)
                _conducted.add(run.pk)  # before others can see the row
        except IntegrityError:
            raise LockHeldError("another run has just started") from None
        return cls(run, was_queued=was_queued, after_stray=before is None or not before.swept)

    @again
    def beat(self, report: SyncReport, picture: dict[str, Any]) -> bool:
        """Write the counts and the heartbeat; tell whether the run may go on."""
        mine = SyncRun.objects.filter(pk=self.run.pk, state=SyncRun.State.RUNNING)
        mine.update(heartbeat_at=timezone.now(), picture=picture, **_columns(report))
        return mine.filter(stop_requested=False).exists()

    def discard(self) -> None:
        """Forget the run, because what was asked of it can't be; a queued one is queued again."""
        _conducted.discard(self.run.pk)
        if self._was_queued:
            SyncRun.objects.filter(pk=self.run.pk).update(state=SyncRun.State.QUEUED)
        else:
            self.run.delete()

    def release(self, report: SyncReport, picture: dict[str, Any], *, swept: bool) -> None:
        """Write how the run ended and let the next one start."""
        try:
            self._end(report, picture, swept=swept)
        finally:
            _conducted.discard(self.run.pk)

    @again
    def _end(self, report: SyncReport, picture: dict[str, Any], *, swept: bool) -> None:
        SyncRun.objects.filter(pk=self.run.pk, state=SyncRun.State.RUNNING).update(
            state=_STATES[report.exit_code],
            exit_code=report.exit_code,
            message=report.message[:500],
            finished_at=timezone.now(),
            heartbeat_at=timezone.now(),
            upstream_count=self.run.upstream_count,
            snapshot=report.snapshot if report.exit_code is ExitCode.DONE else "",
            swept=swept,
            picture=picture,
            failures=[asdict(failure) for failure in report.failures[:_MOST_FAILURES]],
            **_columns(report),
        )


def _columns(report: SyncReport) -> dict[str, Any]:
    counts = {f"pokemon_{name}": number for name, number in asdict(report.pokemon).items()}
    counts |= {f"sprites_{name}": number for name, number in asdict(report.sprites).items()}
    others = ("requests", "retries", "bytes", "seconds", "worker_seconds", "mixed")
    return counts | {name: getattr(report, name) for name in others}


def _take_over(holder: SyncRun) -> None:
    """Mark a dead run as interrupted; raises LockHeldError where it lives."""
    if is_alive(holder):
        raise LockHeldError(
            f"run {holder.pk} holds the lock since {holder.started_at:%Y-%m-%d %H:%M:%S %Z}"
            f" (started by {holder.trigger} on {holder.host}, process {holder.process})"
        )
    logger.warning("run %d died with process %s; taking over", holder.pk, holder.process)
    SyncRun.objects.filter(pk=holder.pk, state=SyncRun.State.RUNNING).update(
        state=SyncRun.State.INTERRUPTED, finished_at=timezone.now()
    )


def is_alive(run: SyncRun) -> bool:
    """Tell whether a running run's process still lives, as far as can be known from here."""
    if run.host == this_host():
        pid = int(run.process.partition(":")[0])
        if pid == os.getpid() and run.state == SyncRun.State.RUNNING and run.pk not in _conducted:
            return False
        return process_name(pid) == run.process
    return run.heartbeat_at > timezone.now() - TIME_TO_LIVE


def this_host() -> str:
    """Name this host; containers that share a host's name differ in their process namespace."""
    try:
        return f"{socket.gethostname()}/{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return socket.gethostname()


def process_name(pid: int) -> str:
    """Name a process by its id and when it began, so that a reused id is not taken for it.

    A process that does not live is "".
    """
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
        state, *rest = status.rpartition(") ")[2].split()
        return "" if state in "ZX" else f"{pid}:{rest[18]}"
    except OSError:
        return _process_without_proc(pid)


def _process_without_proc(pid: int) -> str:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return f"{pid}"
    except OSError:
        return ""
    return "" if Path("/proc/self").exists() else f"{pid}"
