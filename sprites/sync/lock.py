"""The lock: the one SyncRun that is running, held by a process that lives.

A run whose process is dead on this host is taken over at once, another host's when its heartbeat is
a minute old; a live holder is never robbed. Each transaction that writes rows begins with ``hold``:
it beats the heart, and fails where the lock is another run's by now. All ages are measured by the
database's clock.
"""

import logging
import os
import time
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import DatabaseError, IntegrityError, InterfaceError, router, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from ..errors import DatabaseGoneError, LockHeldError, LockLostError
from ..models import SyncRun, SyncRunQuerySet
from ..models.run import TIME_TO_LIVE
from .identity import process_name, this_host
from .reconnect import reconnecting
from .report import SyncReport
from .stop import ExitCode

logger = logging.getLogger(__name__)

_conducted: set[int] = set()
"""The runs that this process conducts: one that it does not, and whose row says so, has ended
without a database to write that to."""
_MAX_FAILURES = 1000
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


class NoLock:
    """What a dry run has in the lock's place: it changes nothing, and nobody need wait for it."""

    dead = upstream_count = None

    def __init__(self) -> None:
        self.began = timezone.now()

    def beat(self, report: SyncReport, picture: dict[str, Any] | None) -> bool:
        """Tell that the run may go on."""
        return True

    def discard(self) -> None:
        """Do nothing: there is no row."""

    def interrupt(self, why: str) -> None:
        """Do nothing: there is no row."""


class RunLock:
    """A run's row for as long as the run lives; it may have been queued before.

    ``dead`` is the run that it took over, if any; ``after_stray`` tells that a run before it may
    have left files without a row, or that it is the first one: a database may be lost.
    """

    def __init__(self, run: SyncRun, dead: SyncRun | None, *, was_queued: bool) -> None:
        self.run, self.dead = run, dead
        self.is_lost = False
        self.upstream_count: int | None = None
        self._was_queued = was_queued
        self._held_at = time.monotonic()
        others = _runs().begun().exclude(pk=run.pk)
        self.is_first = not others.exists()
        self.after_stray = self.is_first or others.filter(swept=False).exists()

    @classmethod
    def take(cls, run: SyncRun) -> "RunLock":
        """Save a run as the one that is running.

        Raises LockHeldError where another one lives, and DatabaseGoneError.
        """
        try:
            return cls._take(run)
        except (DatabaseError, InterfaceError) as error:
            raise DatabaseGoneError(f"the run can't be noted: {error}") from None

    @classmethod
    def _take(cls, run: SyncRun) -> "RunLock":
        run.host, run.process = this_host(), process_name(os.getpid())
        run.state, was_queued = SyncRun.State.RUNNING, run.pk is not None
        run.started_at = run.heartbeat_at = Now()
        dead = _dead_holder()
        try:
            with transaction.atomic(using=router.db_for_write(SyncRun)):
                if dead:
                    _take_over(dead)
                run.save(update_fields=_TAKEN if was_queued else None)
                if dead:
                    why = f"run {run.pk} took over (process {run.process} on {run.host})"
                    _runs().filter(pk=dead.pk).update(message=why[:500])
                _conducted.add(run.pk)  # before others can see the row
        except IntegrityError:
            raise LockHeldError("another run has just started") from None
        run.refresh_from_db(fields=["started_at", "heartbeat_at"])
        return cls(run, dead, was_queued=was_queued)

    @property
    def began(self) -> datetime:
        """Return when the run began, by the database's clock."""
        return self.run.started_at

    @property
    def _mine(self) -> SyncRunQuerySet:
        return _runs().filter(pk=self.run.pk, state=SyncRun.State.RUNNING)

    @property
    def is_sure(self) -> bool:
        """Tell whether nobody can have taken the lock since it was held, also without asking."""
        return not self.is_lost and time.monotonic() - self._held_at < TIME_TO_LIVE.seconds / 2

    def hold(self) -> datetime:
        """Hold the lock for this transaction and return the database's time.

        Raises LockLostError where another run has taken over.
        """
        self._beat()
        return self._mine.values_list("heartbeat_at", flat=True).get()

    @reconnecting
    def beat(self, report: SyncReport, picture: dict[str, Any] | None) -> bool:
        """Write the counts, the heartbeat and any new picture; tell whether the run may go on."""
        self._beat(**({"picture": picture} if picture else {}), **_columns(report))
        return not self._mine.filter(stop_requested=True).exists()

    def _beat(self, **columns: Any) -> None:
        asked_at = time.monotonic()
        if not self._mine.update(heartbeat_at=Now(), **columns):
            self.is_lost = True
            why = _runs().filter(pk=self.run.pk).values_list("message", flat=True).first()
            raise LockLostError(f"this run has lost its lock: {why or 'its row is not running'}")
        self._held_at = asked_at

    def discard(self) -> None:
        """Forget the run, because what was asked of it can't be; a queued one is queued again."""
        _conducted.discard(self.run.pk)
        if self._was_queued:
            self._mine.update(state=SyncRun.State.QUEUED)
        else:
            self._mine.delete()

    def release(self, report: SyncReport, picture: dict[str, Any], *, swept: bool) -> None:
        """Write how the run ended and let the next one start."""
        try:
            self._end(report, picture, swept=swept)
        finally:
            _conducted.discard(self.run.pk)

    @reconnecting
    def _end(self, report: SyncReport, picture: dict[str, Any], *, swept: bool) -> None:
        ended = self._mine.update(
            state=_STATES[report.exit_code],
            exit_code=report.exit_code,
            message=report.message[:500],
            finished_at=Now(),
            heartbeat_at=Now(),
            upstream_count=self.upstream_count,
            snapshot=report.snapshot if report.exit_code is ExitCode.DONE else "",
            swept=swept,
            picture=picture,
            failures=[failure._asdict() for failure in report.failures[:_MAX_FAILURES]],
            **_columns(report),
        )
        if not ended:  # whoever took over may have swept before our workers' last files came
            _runs().filter(pk=self.run.pk).update(swept=False, heartbeat_at=Now())

    def interrupt(self, why: str) -> None:
        """Let go of the lock of a run that could not come to its own end."""
        _conducted.discard(self.run.pk)
        self._mine.update(
            state=SyncRun.State.INTERRUPTED, message=why[:500], finished_at=Now(), swept=False
        )

    @reconnecting
    def swept_since(self, began: datetime) -> None:
        """Note that no run that ended before then has left a file without a row."""
        others = _runs().begun().exclude(pk=self.run.pk)
        others.filter(swept=False, heartbeat_at__lt=began).update(swept=True)


@reconnecting
def forget_runs(keep: int) -> None:
    """Delete the rows of the oldest runs beyond so many; one that left stray files is needed."""
    ended = _runs().filter(Q(swept=True) | Q(state=SyncRun.State.REFUSED)).order_by("-id")
    oldest = ended.values_list("pk", flat=True)[keep : keep + 1].first()
    if oldest is not None:
        ended.filter(pk__lte=oldest).delete()


def _runs() -> SyncRunQuerySet:
    """Return all runs, as they stand where they are written."""
    return SyncRun.objects.using(router.db_for_write(SyncRun))


def _columns(report: SyncReport) -> dict[str, Any]:
    counts = {
        f"{kind}_{name}": number
        for kind in ("pokemon", "species", "sprites")
        for name, number in asdict(getattr(report, kind)).items()
    }
    others = ("requests", "retries", "bytes", "seconds", "worker_seconds", "mixed")
    return counts | {name: getattr(report, name) for name in others}


def _dead_holder() -> SyncRun | None:
    """Return the run that seems to run and whose process is dead; raises LockHeldError."""
    holder = _runs().filter(state=SyncRun.State.RUNNING).first()
    if holder and is_alive(holder):
        raise LockHeldError(
            f"run {holder.pk} holds the lock since {holder.started_at:%Y-%m-%d %H:%M:%S %Z}"
            f" (started by {holder.trigger} on {holder.host}, process {holder.process})"
        )
    return holder


def _take_over(dead: SyncRun) -> None:
    """Mark a dead run as interrupted; raises LockHeldError where it has shown signs of life."""
    logger.warning("run %d died with process %s; taking over", dead.pk, dead.process)
    seen = _runs().filter(pk=dead.pk, state=SyncRun.State.RUNNING)
    seen = seen if dead.host == this_host() else seen.silent()
    if not seen.update(state=SyncRun.State.INTERRUPTED, finished_at=Now(), swept=False):
        raise LockHeldError("another run has just started")


def is_alive(run: SyncRun) -> bool:
    """Tell whether a running run's process still lives, as far as can be known from here."""
    if run.host == this_host():
        pid = int(run.process.partition(":")[0])
        if pid == os.getpid() and run.state == SyncRun.State.RUNNING and run.pk not in _conducted:
            return False
        return process_name(pid) == run.process
    return _runs().filter(pk=run.pk).beating().exists()
