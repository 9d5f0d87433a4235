"""The conductor: a SyncRequest in, a SyncReport out.

Open the pool, take the lock, probe the storage, select, mirror, tidy up, report.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import DatabaseError, InterfaceError

from ..conf import Options
from ..errors import CannotWriteError, Code, SpritesError, TooMuchError, UsageError, plain
from ..executors.pool import open_pool
from ..models import SyncRun
from ..worker.job import Context, run_job
from ..worker.records import Job
from ..worker.storage import Store
from . import announce, cleanup
from . import known as database
from .events import Attempt, Event, Tick
from .guard import Guard
from .lock import NoLock, RunLock, forget_runs
from .mirror import Mirror
from .plan import look_for
from .preflight import check_hooks, check_migrations, choose, policy, probe, rules, service_of
from .report import SyncReport
from .request import SyncRequest
from .schedule import Schedule
from .select import Selector, check_sprites, tell_unmatched
from .stop import ExitCode, Stop, StoppedError
from .timeline import Timeline
from .writer import DryRun, Writer

logger = logging.getLogger(__name__)

_BEAT_EVERY = 1.0
"""Seconds between two heartbeats, which heed the Stop button."""

Listener = Callable[[Event[Job], SyncReport], None]
"""Who is told while a run goes on, and how far it is; called in the parent, often, and so quick."""


def sync(
    request: SyncRequest,
    options: Options,
    *,
    stop: Stop | None = None,
    trigger: SyncRun.Trigger = SyncRun.Trigger.COMMAND,
    user: Any = None,
    listener: Listener = lambda event, report: None,
    queued: SyncRun | None = None,
) -> SyncReport:
    """Mirror what a request asks for, and report; a run that was queued keeps its row.

    Raises UsageError where no request was made, LockHeldError, and DatabaseGoneError where the
    database was gone from the start; whatever happens later is in the report.
    """
    check_migrations()
    check_sprites(request.sprites)
    check_hooks(options)
    run = queued or SyncRun(trigger=trigger, user=user, selection=request._asdict())
    run.executor, run.workers, run.api_url = options.EXECUTOR, options.WORKERS, options.API_URL
    return Conductor(request, options, stop or Stop(), listener).conduct(run)


class Conductor:
    """One run, from its pool to its report."""

    def __init__(
        self, request: SyncRequest, options: Options, stop: Stop, listener: Listener
    ) -> None:
        self._request, self._options, self._stop = request, options, stop
        self._listener = listener
        self._report = SyncReport(options.EXECUTOR, options.WORKERS)
        self._began = self._beaten = time.monotonic()
        self._timeline = Timeline(time.time())
        self._store = Store.connect(options.STORAGE)
        self._pool = open_pool(options.EXECUTOR, options.WORKERS, options.DASK_SCHEDULER)
        context = Context(policy(options), self._store, options.NAMING, options.KEEP_DOCUMENTS)
        self._schedule: Schedule[Job] = Schedule(
            self._pool, partial(run_job, context), rules(options), stop, service_of
        )
        self._lock: RunLock | NoLock = NoLock()
        self._writer: Writer | DryRun = DryRun()
        self._lost_workers = self._is_clean = self._after_stray = False

    def conduct(self, run: SyncRun) -> SyncReport:
        """Do the whole of it; whatever is raised, the run's row is ended and the lock let go."""
        try:
            self._do(run)
        except BaseException as error:
            with suppress(DatabaseError, InterfaceError):
                if isinstance(error, UsageError):
                    self._lock.discard()
                else:
                    self._lock.interrupt(plain(f"{type(error).__name__}: {error}"))
            raise
        return self._report

    def _do(self, run: SyncRun) -> None:
        try:
            if not self._request.dry_run:
                self._begin(run)
            self._guarded(self._mirror)
        finally:
            self._guarded(partial(self._pool.close, wait=not self._stop.gave_up))
            self._stop.settle()
        self._guarded(self._flush)
        self._guarded(self._tidy)
        self._conclude(run)

    def _begin(self, run: SyncRun) -> None:
        self._lock = lock = RunLock.take(run)
        self._writer = Writer(self._store, lock)
        self._guarded(partial(probe, self._store, self._run_jobs, self._pool, lock.hold))
        if self._stop.exit_code is ExitCode.STOPPED and not self._writer.is_abandoned:
            raise UsageError(self._stop.message)  # its executor is of no use
        self._after_stray = lock.after_stray and not (lock.is_first and self._store.is_empty())

    def _guarded(self, step: Callable[[], None]) -> None:
        """Take a step; where the run must stop, note why instead of raising."""
        try:
            step()
        except UsageError:
            raise
        except StoppedError:
            pass
        except SpritesError as error:
            self._stop.ask(ExitCode.STOPPED, error.detail)
        except TooMuchError as error:
            self._stop.ask(ExitCode.STOPPED, str(error))
        except (CannotWriteError, DatabaseError, InterfaceError) as error:
            self._give_up(str(error))
        except Exception as error:  # a defect, ours or the site's: one line, and the run ends well
            logger.debug("an unexpected error", exc_info=True)
            self._give_up(plain(f"an unexpected {type(error).__name__}: {error}"))

    def _give_up(self, why: str) -> None:
        """Stop, write no more, and take back what the workers still store."""
        self._stop.ask(ExitCode.STOPPED, why)
        self._writer.abandon()

    def _mirror(self) -> None:
        """Select, and mirror what was selected: first what has a URL of its own, then its twins."""
        if self._lock.dead and self._store.is_local:
            cleanup.check_last(self._store, self._lock.dead, self._heed)
        options, request, stop = self._options, self._request, self._stop
        choice = choose(request, options, self._lock.began)
        kept = database.references() if request.is_about_rows else ()
        selection = Selector(self._run_jobs, options.API_URL, stop).select(request, kept)
        guard = Guard(stop, options.MAX_SHRINK, database.stored_count())
        guard.compare_lists(database.upstream_count(options.API_URL), selection.upstream_count)
        self._lock.upstream_count = selection.upstream_count
        look = look_for(self._store, dry_run=request.dry_run)
        push, write = self._schedule.push, self._writer.take
        mirror = Mirror(options.API_URL, choice, look, guard, push, write)
        for jobs in (mirror.jobs(selection), mirror.copies()):
            for source in (jobs, ()):  # after a run was given up, what the workers still bring back
                self._guarded(partial(self._work, mirror, source))
            self._writer.believe(guard.are_small())
            self._flush()
        if not stop.asked:
            tell_unmatched(request, self._report)

    def _work(self, mirror: Mirror, jobs: Iterable[Job]) -> None:
        for attempt in self._run_jobs(jobs):
            mirror.take(attempt)

    def _run_jobs(self, jobs: Iterable[Job]) -> Iterator[Attempt[Job]]:
        """Run jobs, tell of all that happens, and yield the last attempt at each."""
        for event in self._schedule.events(jobs):
            if isinstance(event, Tick):
                self._tick(event)
            else:
                self._timeline.add(event)
            if isinstance(event, Attempt):
                self._report.spend(event)
                self._lost_workers |= event.code is Code.WORKER_DIED
            self._listener(event, self._report)
            if isinstance(event, Attempt) and event.is_last:
                yield event

    def _tick(self, tick: Tick) -> None:
        """Write a batch when it is due, or while the last jobs run; show that the run lives."""
        self._report.seconds = time.monotonic() - self._began
        if self._writer.is_due or tick.is_tail:
            self._write()
        self._beat()

    def _flush(self) -> None:
        """Write all that waits."""
        self._write()
        while self._writer.has_more:
            self._write()

    def _write(self) -> None:
        """Write a batch; count it, and tell the site's own receivers."""
        entries = self._writer.flush()
        self._report.count(entries)
        announce.stored(entries)

    def _heed(self) -> None:
        """Show that the run lives while the parent works alone; raises StoppedError at a stop."""
        self._beat()
        if self._stop.asked:
            raise StoppedError

    def _beat(self) -> None:
        """Write how far the run is, from time to time, and heed its Stop button."""
        now = time.monotonic()
        if not self._writer.is_abandoned and now > self._beaten + _BEAT_EVERY:
            self._beaten = now
            if not self._lock.beat(self._report, self._timeline.news()):
                self._stop.ask(ExitCode.INTERRUPTED, "stopped from the site")

    def _tidy(self) -> None:
        """Leave nothing behind: replaced files, old rows, stray files of a run that was killed."""
        request, share = self._request, self._options.MAX_SHRINK
        gone_for = timedelta(seconds=self._options.PRUNE_AFTER)
        if isinstance(self._lock, NoLock):
            if request.prune:
                self._report.pruned = cleanup.count_gone(self._lock.began - gone_for, share)
            return
        if self._writer.is_abandoned:
            return
        failed = self._stop.exit_code is ExitCode.STOPPED  # a disk that fails may keep a part
        may_stray = self._lost_workers or self._stop.gave_up or self._after_stray or failed
        self._is_clean = self._writer.finish() and not (may_stray or request.prune)
        if self._stop.asked:
            return
        if request.prune:
            self._report.pruned = cleanup.prune(self._store, self._lock, gone_for, share)
        if not self._is_clean:
            self._is_clean = cleanup.sweep(self._store, self._lock, self._heed)
        forget_runs(self._options.KEEP_RUNS)

    def _conclude(self, run: SyncRun) -> None:
        report = self._report
        report.seconds = time.monotonic() - self._began
        report.balance()
        ended = ExitCode.FAILURES if report.has_failures else ExitCode.DONE
        report.exit_code = self._stop.exit_code or ended
        report.message = self._stop.message
        if isinstance(self._lock, NoLock):
            return
        try:
            self._lock.release(report, self._timeline.as_json(), swept=self._is_clean)
        except (CannotWriteError, DatabaseError, InterfaceError) as error:
            logger.error("the end of run %d can't be written: %s", run.pk, error)
        announce.finished(run, report)
