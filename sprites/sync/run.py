"""The conductor: a SyncRequest in, a SyncReport out.

Open the pool, take the lock, probe the storage, select, mirror, tidy up, report.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from ..conf import Options
from ..errors import DatabaseGoneError, LockLostError, SpritesError, TooMuchError, UsageError, plain
from ..executors.pool import open_pool
from ..models import SyncRun
from ..origins import origin
from ..worker.job import Context, run_job
from ..worker.records import Job, Outcome, ResourceJob, SpriteJob
from ..worker.storage import Store
from . import announce, cleanup
from . import known as database
from .guard import Guard
from .lock import RunLock, forget_runs
from .mirror import Mirror
from .plan import Choice
from .preflight import check_hooks, check_migrations, policy, rules
from .probe import probe
from .queues import Service
from .report import ExitCode, SyncReport
from .request import SyncRequest
from .schedule import Schedule
from .select import Selector
from .stop import Stop, StoppedError
from .tally import Tally
from .timeline import Timeline
from .wanted import check_sprites, tell_unmatched
from .writer import Writer

logger = logging.getLogger(__name__)

_FLUSH_EVERY, _BEAT_EVERY = 1.0, 1.0
"""Seconds between two batches, and between two heartbeats, which heed the Stop button."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told while a run goes on; called in the parent, often, and so quick."""

    on_attempt: Callable[[Job, Outcome], None] = lambda job, outcome: None
    on_pause: Callable[[str, float], None] = lambda host, seconds: None
    on_progress: Callable[[SyncReport], None] = lambda report: None


def sync(
    request: SyncRequest,
    options: Options,
    *,
    stop: Stop | None = None,
    trigger: SyncRun.Trigger = SyncRun.Trigger.COMMAND,
    user: Any = None,
    listener: Listener | None = None,
    queued: SyncRun | None = None,
) -> SyncReport:
    """Mirror what a request asks for, and report; a run that was queued keeps its row.

    Raises UsageError where no request was made, LockHeldError, and DatabaseGoneError where the
    database was gone from the start; whatever happens later is in the report.
    """
    check_migrations()
    check_sprites(request.sprites)
    check_hooks(options)
    run = queued or SyncRun(trigger=trigger, user=user, selection=asdict(request))
    run.executor, run.workers, run.api_url = options.EXECUTOR, options.WORKERS, options.API_URL
    return Conductor(request, options, stop or Stop(), listener or Listener()).conduct(run)


class Conductor:
    """One run, from its pool to its report."""

    def __init__(
        self, request: SyncRequest, options: Options, stop: Stop, listener: Listener
    ) -> None:
        self.report = SyncReport(options.EXECUTOR, options.WORKERS)
        self._request, self._options, self._stop = request, options, stop
        self._listener = listener
        self._began = self._flushed = self._beaten = time.monotonic()
        self._timeline = Timeline(time.time())
        self._store = Store.connect(options.STORAGE)
        self._pool = open_pool(options.EXECUTOR, options.WORKERS, options.DASK_SCHEDULER)
        self._schedule: Schedule[Job] = Schedule(
            self._pool,
            partial(run_job, Context(policy(options), self._store, options.NAMING)),
            rules(options),
            stop,
            service_of=_service_of,
            on_attempt=self._attempt,
            on_tick=self._tick,
            on_pause=self._paused,
        )
        self._tally = Tally(self.report)
        self._lock: RunLock | None = None
        self._mirror: Mirror | None = None
        self._writer: Writer | None = None
        self._now = timezone.now()
        self._is_clean = False

    def conduct(self, run: SyncRun) -> SyncReport:
        """Do the whole of it; whatever is raised, the run's row is ended and the lock let go."""
        try:
            self._do(run)
        except BaseException as error:
            self._let_go(error)
            raise
        return self.report

    def _do(self, run: SyncRun) -> None:
        try:
            if not self._request.dry_run:
                self._begin(run)
            self._guarded(self._mirror_selection)
        finally:
            self._guarded(partial(self._pool.close, wait=not self._stop.gave_up))
            self._stop.settle()
        self._guarded(self._tidy)
        self._conclude()

    def _begin(self, run: SyncRun) -> None:
        """Take the lock, and from then on the time from the database."""
        self._lock = lock = _take_lock(run)
        self._now = lock.run.heartbeat_at
        self._writer = Writer(self._store, self._tally, lock)
        machines, name = self._pool.nodes, self._options.EXECUTOR
        self._guarded(partial(probe, self._store, self._schedule, machines, name))
        is_stopped = self._stop.exit_code is ExitCode.STOPPED
        if is_stopped and not self._writer.is_abandoned:  # its executor is of no use
            raise UsageError(self._stop.message)

    def _let_go(self, error: BaseException) -> None:
        if self._lock is None:
            return
        with suppress(DatabaseError, InterfaceError):
            if isinstance(error, UsageError):
                self._lock.discard()
            else:
                self._lock.interrupt(plain(f"{type(error).__name__}: {error}"))

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
        except (LockLostError, DatabaseGoneError, DatabaseError, InterfaceError) as error:
            self._give_up(str(error))
        except Exception as error:  # a defect, ours or the site's: one line, and the run ends well
            logger.debug("an unexpected error", exc_info=True)
            self._give_up(plain(f"an unexpected {type(error).__name__}: {error}"))

    def _give_up(self, why: str) -> None:
        """Stop, write no more, and take what the workers still bring back."""
        self._stop.ask(ExitCode.STOPPED, why)
        if self._writer:
            self._writer.abandon()
        if self._mirror:
            self._mirror.drain()

    def _mirror_selection(self) -> None:
        if self._lock and self._lock.dead and self._store.is_local:
            cleanup.check_last(self._store, self._lock.dead, self._heed)
        options = self._options
        choice = Choice.of(self._request, options.origins, self._now, options.FRESH_FOR)
        selector = Selector(self._schedule, options.API_URL, self._stop)
        kept = database.references() if choice.from_rows else ()
        selection = selector.select(self._request, kept)
        guard = Guard(self._stop, options.MAX_SHRINK, database.stored_count())
        guard.compare_lists(database.upstream_count(options.API_URL), selection.upstream_count)
        if self._lock:
            self._lock.run.upstream_count = selection.upstream_count
        self._mirror = Mirror(
            options.API_URL,
            choice,
            self._store,
            self._schedule,
            self._tally,
            self._writer,
            guard,
        )
        self._mirror.run(selection)
        if not self._stop.asked:
            tell_unmatched(self._request, self.report)

    def _attempt(self, job: Job, outcome: Outcome) -> None:
        if outcome.meter is not None:
            self.report.spend(outcome.meter)
        self.report.retries = self._schedule.retries
        if isinstance(job, ResourceJob) and outcome.snapshot:
            self._belong(outcome.snapshot)
        self._timeline.attempt(job, outcome)
        self._listener.on_attempt(job, outcome)

    def _belong(self, snapshot: str) -> None:
        if self.report.belong(snapshot):
            logger.warning(
                "upstream was deployed anew during the run (now %s): the next one asks again"
                " for every Pokémon's JSON",
                snapshot,
            )

    def _paused(self, host: str, seconds: float) -> None:
        self._timeline.pause(host, time.time(), seconds)
        self._listener.on_pause(host, seconds)

    def _tick(self) -> None:
        """Write a batch when it is due, and show that the run lives."""
        now = time.monotonic()
        self.report.seconds = now - self._began
        if self._writer and (self._writer.is_full or now > self._flushed + _FLUSH_EVERY):
            self._writer.flush()
            self._flushed = time.monotonic()
        self._beat()
        self._listener.on_progress(self.report)

    def _heed(self) -> None:
        """Show that the run lives while the parent works alone; raises StoppedError at a stop."""
        self._beat()
        if self._stop.asked:
            raise StoppedError

    def _beat(self) -> None:
        """Write how far the run is, from time to time, and heed its Stop button."""
        now = time.monotonic()
        if self._writer and not self._writer.is_abandoned and now > self._beaten + _BEAT_EVERY:
            self._beaten = now
            if not self._writer.lock.beat(self.report, self._timeline.as_json()):
                self._stop.ask(ExitCode.INTERRUPTED, "stopped from the site")

    def _tidy(self) -> None:
        """Leave nothing behind: replaced files, old rows, stray files of a run that was killed."""
        gone_for = timedelta(seconds=self._options.PRUNE_AFTER)
        share = self._options.MAX_SHRINK
        if self._writer is None:
            if self._request.prune:
                self.report.pruned = cleanup.count_gone(self._now - gone_for, share)
            return
        if self._writer.is_abandoned:
            return
        store, lock = self._store, self._writer.lock
        self._writer.finish()
        self._is_clean = not (
            self._schedule.lost_any
            or self._writer.left_any
            or lock.after_stray
            or self._stop.exit_code is ExitCode.STOPPED  # a disk that fails may keep a part
        )
        if self._stop.asked:
            return
        if self._request.prune:
            self.report.pruned = cleanup.prune(store, lock, gone_for, share)
        if self._request.prune or not self._is_clean:
            self._is_clean = False
            self._is_clean = cleanup.sweep(store, lock, self._heed)
        forget_runs(self._options.KEEP_RUNS)

    def _conclude(self) -> None:
        report = self.report
        report.seconds = time.monotonic() - self._began
        report.balance()
        failed = report.sprites.failed or report.pokemon.failed
        report.exit_code = self._stop.exit_code or (ExitCode.FAILURES if failed else ExitCode.DONE)
        report.message = self._stop.message
        if self._lock:
            try:
                self._lock.release(report, self._timeline.as_json(), swept=self._is_clean)
            except (DatabaseGoneError, DatabaseError, InterfaceError) as error:
                logger.error("the end of run %d can't be written: %s", self._lock.run.pk, error)
            announce.finished(self._lock.run, report)


def _take_lock(run: SyncRun) -> RunLock:
    try:
        return RunLock.take(run)
    except (DatabaseError, InterfaceError) as error:
        raise DatabaseGoneError(f"the run can't be noted: {error}") from None


def _service_of(job: Job) -> Service:
    """Name whom a job asks and for what; "" is the storage."""
    if isinstance(job, ResourceJob):
        return origin(job.url), "JSON"
    if isinstance(job, SpriteJob) and not job.copy_of:
        return origin(job.url), "images"
    return "", ""
