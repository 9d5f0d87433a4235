"""What must hold before a run begins: options, migrations and a storage that can be used."""

import pkgutil
import uuid
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections, router
from django.db.migrations.recorder import MigrationRecorder

from ..conf import Options, given, read
from ..errors import SpritesError, UsageError
from ..executors.pool import Pool
from ..models import Sprite
from ..origins import origin
from ..worker.naming import check_naming
from ..worker.records import Job, Policy, ProbeJob, ResourceJob, SpriteJob
from ..worker.storage import INCOMING, Store
from .breaker import Rules
from .events import RunJobs
from .plan import Choice
from .queues import Service
from .reconnect import gone
from .request import SyncRequest

_PROBE = "probe"
_START = 30.0
"""Seconds that workers somewhere else may take to start."""


def checked_options(**overrides: object) -> Options:
    """Return the site's options with some replaced; raises UsageError for the first wrong one."""
    options, problems = read({**given(), **overrides})
    if problems:
        raise UsageError(f"SPRITES: {problems[0]}")
    _check_tasks(options)
    return options


def _check_tasks(options: Options) -> None:
    """Raise UsageError where TASKS, or what stands for one that is not set, lacks what is named."""
    backends = getattr(settings, "TASKS", None) or {"default": {}}
    queues = backends.get(options.TASK_BACKEND, {}).get("QUEUES", ["default"])
    named = {"TASK_BACKEND": backends, "TASK_QUEUE": queues or [options.TASK_QUEUE]}
    for option, known in named.items():
        value = getattr(options, option)
        if value not in known:
            allowed = f"{', '.join(known)}, as TASKS has them"
            raise UsageError(f"SPRITES: {option} is {value!r}; allowed: {allowed}")
    path = backends[options.TASK_BACKEND].get("BACKEND", "")
    if path and not _is_there(path.rpartition(".")[0]):  # to import it takes a while
        raise UsageError(f"TASKS: the module of {path!r} is not there")


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def check_migrations() -> None:
    """Raise UsageError where this app's tables are not up to date, or DatabaseGoneError."""
    if "sprites" in settings.MIGRATION_MODULES:
        return
    alias = router.db_for_write(Sprite)
    try:
        recorder = MigrationRecorder(connections[alias])
        applied = {name for app, name in recorder.applied_migrations() if app == "sprites"}
    except (DatabaseError, InterfaceError) as error:
        raise gone(error) from None
    package = import_module("sprites.migrations")
    wanted = {module.name for module in pkgutil.iter_modules(package.__path__)}
    if missing := sorted(wanted - applied):
        where = "" if alias == DEFAULT_DB_ALIAS else f" --database {alias}"
        raise UsageError(
            f"migration {missing[0]} is not applied; run 'python manage.py migrate{where}' first"
        )


def check_hooks(options: Options) -> None:
    """Raise UsageError where a function of the site's own is of no use."""
    if options.SESSION:
        from ..worker.session import own_session  # as late as can be: it imports requests

        own_session(options.SESSION)
    if options.NAMING:
        check_naming(options.NAMING)


def policy(options: Options) -> Policy:
    """Return what every worker must keep to."""
    return Policy(
        origins=options.origins,
        allow_private_addresses=options.ALLOW_PRIVATE_ADDRESSES,
        allow_trailing_data=options.ALLOW_TRAILING_DATA,
        timeout=options.TIMEOUT,
        connect_timeout=min(options.CONNECT_TIMEOUT, options.TIMEOUT),
        read_timeout=min(options.READ_TIMEOUT, options.TIMEOUT),
        max_json_bytes=options.MAX_JSON_BYTES,
        max_image_bytes=options.MAX_IMAGE_BYTES,
        max_pixels=options.MAX_PIXELS,
        max_frames=options.MAX_FRAMES,
        session=options.SESSION,
    )


def service_of(job: Job) -> Service:
    """Name whom a job asks and for what; "" is the storage."""
    if isinstance(job, ResourceJob):
        return origin(job.url), "JSON"
    if isinstance(job, SpriteJob) and not job.copy_of:
        return origin(job.url), "images"
    return "", ""


def choose(request: SyncRequest, options: Options, now: datetime) -> Choice:
    """Return what a request chooses at a time, under a site's options."""
    fresh_for, keep = options.FRESH_FOR, options.KEEP_DOCUMENTS
    species = request.species or options.SPECIES
    return Choice.of(request, options.origins, now, fresh_for, keep, species)


def rules(options: Options) -> Rules:
    """Return what the schedule must keep to."""
    return Rules(
        retries=options.RETRIES,
        max_pause=options.MAX_PAUSE,
        max_outage=options.MAX_OUTAGE,
        breaker=options.BREAKER,
        rate=options.RATE,
        patience=2 * options.TIMEOUT + _START,
    )


def probe(store: Store, run: RunJobs, pool: Pool, hold: Callable[[], object]) -> None:
    """Let each machine write a file and look whether it is here; raises UsageError if not.

    ``hold`` raises LockLostError where another run has the lock.
    """
    try:
        _probe(store, run, pool)
    except UsageError:
        hold()  # whoever has taken over may have swept the files, and nothing is wrong here
        raise


def _probe(store: Store, run: RunJobs, pool: Pool) -> None:
    names = [f"{INCOMING}/{uuid.uuid4().hex}.probe" for _ in range(pool.nodes)]
    done = list(run([ProbeJob(name, _PROBE) for name in names]))
    seen = [name for name in names if store.holds(name, len(_PROBE))]
    try:
        for name in seen:
            store.delete(name)
    except SpritesError as error:
        raise UsageError(f"the media storage deletes no file: {error.detail}") from None
    for attempt in done:
        if failure := attempt.outcome.failure:
            raise UsageError(f"the media storage can't be written to: {failure.detail}")
    if len(seen) < len(done):
        raise UsageError(
            f"what executor {pool.name!r} stores is not in the storage of this process"
        )
