"""What must hold before a run begins: options that can be used, applied migrations."""

import pkgutil
from importlib import import_module

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections, router
from django.db.migrations.recorder import MigrationRecorder

from ..conf import Options, given, read
from ..errors import UsageError
from ..models import Sprite
from ..worker.naming import check_naming
from ..worker.records import Policy
from ..worker.transport import own_session
from .breaker import Rules
from .reconnect import gone

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
