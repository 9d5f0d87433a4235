"""The conductor: a Request in, a SyncReport out.

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
from ..worker.records import Job, Outcome, Request, ResourceJob, SpriteJob
from ..worker.storage import Store
from . import announce, upkeep
from . import known as database
from .doubts import Doubts
from .lease import Lease, forget_runs
from .mirror import Mirror
from .persist import Persist
from .plan import Choice
from .probe import probe
from .queues import Service
from .report import ExitCode, SyncReport
from .schedule import Schedule
from .select import Selector
from .site import check_hooks, check_migrations, policy, rules
from .sketch import Sketch
from .stop import Stop, StoppedError
from .tally import Tally
from .wanted import check_sprites, tell_unmatched

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
    request: Request,
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

    def __init__(self, request: Request, options: Options, stop: Stop, listener: Listener) -> None:
        self.report = SyncReport(options.EXECUTOR, options.WORKERS)
        self._request, self._options, self._stop = request, options, stop
        self._listener = listener
        self._began = self._flushed = self._beaten = time.monotonic()
        self._sketch = Sketch(time.time())
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
        self._lease: Lease | None = None
        self._mirror: Mirror | None = None
        self._persist: Persist | None = None
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
        self._lease = lease = _take_lease(run)
        self._now = lease.run.heartbeat_at
        self._persist = Persist(self._store, self._tally, lease)
        machines, name = self._pool.nodes, self._options.EXECUTOR
        self._guarded(partial(probe, self._store, self._schedule, machines, name))
        is_stopped = self._stop.exit_code is ExitCode.STOPPED
        if is_stopped and not self._persist.is_abandoned:  # its executor is of no use
            raise UsageError(self._stop.message)

    def _let_go(self, error: BaseException) -> None:
        if self._lease is None:
            return
        with suppress(DatabaseError, InterfaceError):
            if isinstance(error, UsageError):
                self._lease.discard()
            else:
                self._lease.interrupt(plain(f"{type(error).__name__}: {error}"))

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
        if self._persist:
            self._persist.abandon()
        if self._mirror:
            self._mirror.drain()

    def _mirror_selection(self) -> None:
        if self._lease and self._lease.dead and self._store.is_local:
            upkeep.check_last(self._store, self._lease.dead, self._heed)
        options = self._options
        choice = Choice.of(self._request, options.origins, self._now, options.FRESH_FOR)
        selector = Selector(self._schedule, options.API_URL, self._stop)
        kept = database.references() if choice.from_rows else ()
        selection = selector.select(self._request, kept)
        doubts = Doubts(self._stop, options.MAX_SHRINK, database.stored_count())
        doubts.compare_lists(database.upstream_count(options.API_URL), selection.upstream_count)
        if self._lease:
            self._lease.run.upstream_count = selection.upstream_count
        self._mirror = Mirror(
            options.API_URL,
            choice,
            self._store,
            self._schedule,
            self._tally,
            self._persist,
            doubts,
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
        self._sketch.attempt(job, outcome)
        self._listener.on_attempt(job, outcome)

    def _belong(self, snapshot: str) -> None:
        if self.report.belong(snapshot):
            logger.warning(
                "upstream was deployed anew during the run (now %s): the next one asks again"
                " for every Pokémon's JSON",
                snapshot,
            )

    def _paused(self, host: str, seconds: float) -> None:
        self._sketch.pause(host, time.time(), seconds)
        self._listener.on_pause(host, seconds)

    def _tick(self) -> None:
        """Write a batch when it is due, and show that the run lives."""
        now = time.monotonic()
        self.report.seconds = now - self._began
        if self._persist and (self._persist.is_full or now > self._flushed + _FLUSH_EVERY):
            self._persist.flush()
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
        if self._persist and not self._persist.is_abandoned and now > self._beaten + _BEAT_EVERY:
            self._beaten = now
            if not self._persist.lease.beat(self.report, self._sketch.as_json()):
                self._stop.ask(ExitCode.INTERRUPTED, "stopped from the site")

    def _tidy(self) -> None:
        """Leave nothing behind: replaced files, old rows, stray files of a run that was killed."""
        gone_for = timedelta(seconds=self._options.PRUNE_AFTER)
        share = self._options.MAX_SHRINK
        if self._persist is None:
            if self._request.prune:
                self.report.pruned = upkeep.count_gone(self._now - gone_for, share)
            return
        if self._persist.is_abandoned:
            return
        store, lease = self._store, self._persist.lease
        self._persist.finish()
        self._is_clean = not (
            self._schedule.lost_any
            or self._persist.left_any
            or lease.after_stray
            or self._stop.exit_code is ExitCode.STOPPED  # a disk that fails may keep a part
        )
        if self._stop.asked:
            return
        if self._request.prune:
            self.report.pruned = upkeep.prune(store, lease, gone_for, share)
        if self._request.prune or not self._is_clean:
            self._is_clean = False
            self._is_clean = upkeep.sweep(store, lease, self._heed)
        forget_runs(self._options.KEEP_RUNS)

    def _conclude(self) -> None:
        report = self.report
        report.seconds = time.monotonic() - self._began
        report.balance()
        failed = report.sprites.failed or report.pokemon.failed
        report.exit_code = self._stop.exit_code or (ExitCode.FAILURES if failed else ExitCode.DONE)
        report.message = self._stop.message
        if self._lease:
            try:
                self._lease.release(report, self._sketch.as_json(), swept=self._is_clean)
            except (DatabaseGoneError, DatabaseError, InterfaceError) as error:
                logger.error("the end of run %d can't be written: %s", self._lease.run.pk, error)
            announce.finished(self._lease.run, report)


def _take_lease(run: SyncRun) -> Lease:
    try:
        return Lease.take(run)
    except (DatabaseError, InterfaceError) as error:
        raise DatabaseGoneError(f"the run can't be noted: {error}") from None


def _service_of(job: Job) -> Service:
    """Name whom a job asks and for what; "" is the storage."""
    if isinstance(job, ResourceJob):
        return origin(job.url), "JSON"
    if isinstance(job, SpriteJob) and not job.copy_of:
        return origin(job.url), "images"
    return "", ""
