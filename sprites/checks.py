"""System checks: a wrong option is an error with its id, a risky set-up a warning."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage, InvalidStorageError, storages
from django.db import connections

from . import conf
from .errors import UsageError
from .hooks import load
from .worker.naming import check_naming

IDS = {name: f"sprites.E{number:03d}" for number, name in enumerate(conf.RULES, start=1)}
UNKNOWN = "sprites.E100"
NO_STORAGE = "sprites.E101"
NO_TASKS = "sprites.E102"
NO_MEDIA_ROOT = "sprites.W001"
SQLITE = "sprites.W002"


@checks.register("sprites")
def check_options(**kwargs: Any) -> list[checks.CheckMessage]:
    """Report each option of SPRITES whose value cannot be used, and each that is unknown."""
    _, problems = conf.read(conf.given())
    return [
        checks.Error(
            f"SPRITES[{problem.option!r}] is {problem.value!r}.",
            hint=f"Allowed: {problem.allowed}.",
            id=IDS.get(problem.option, UNKNOWN),
        )
        for problem in problems
    ]


@checks.register("sprites")
def check_hooks(**kwargs: Any) -> list[checks.CheckMessage]:
    """Report functions of the site's own that can't be imported, or that return no file name."""
    options = conf.options()
    tried: dict[str, Callable[[str], object]] = {
        "SESSION": partial(load, "SESSION"),
        "NAMING": check_naming,
    }
    errors: list[checks.CheckMessage] = []
    for name, check in tried.items():
        try:
            if path := getattr(options, name):
                check(path)
        except UsageError as error:
            errors.append(checks.Error(f"SPRITES: {error}.", id=IDS[name]))
    return errors


@checks.register("sprites")
def check_storage(**kwargs: Any) -> list[checks.CheckMessage]:
    """Report a storage alias that STORAGES lacks, and a media folder that was not chosen."""
    alias = conf.options().STORAGE
    try:
        storage = storages[alias]
    except InvalidStorageError:
        return [
            checks.Error(
                f"SPRITES['STORAGE'] is {alias!r}, which STORAGES does not have.",
                hint=f"Allowed: {', '.join(storages.backends)}.",
                id=NO_STORAGE,
            )
        ]
    if isinstance(storage, FileSystemStorage) and not storage.base_location:
        return [
            checks.Warning(
                "MEDIA_ROOT is not set: there is no folder for sprites, and no run can begin.",
                hint="Set MEDIA_ROOT to the folder that your web server serves as MEDIA_URL.",
                id=NO_MEDIA_ROOT,
            )
        ]
    return []


@checks.register("sprites")
def check_tasks(**kwargs: Any) -> list[checks.CheckMessage]:
    """Report a task backend that can't be had, so that no run could be started from the admin."""
    try:
        from .background import backend  # here, because every command imports this module

        backend()
    except ImproperlyConfigured as error:
        return [checks.Error(f"TASKS: {error}.", id=NO_TASKS)]
    return []


@checks.register("sprites", checks.Tags.database)
def check_sqlite(
    databases: Sequence[str] | None = None, **kwargs: Any
) -> list[checks.CheckMessage]:
    """Warn of an SQLite database whose readers and writers would lock each other out."""
    return [
        checks.Warning(
            f"The SQLite database {alias!r} runs without {' and '.join(lacks)}.",
            hint='Set OPTIONS to {"transaction_mode": "IMMEDIATE", '
            '"init_command": "PRAGMA journal_mode=WAL;", "timeout": 20}.',
            id=SQLITE,
        )
        for alias in databases or []
        if connections[alias].vendor == "sqlite" and (lacks := _lacks(alias))
    ]


def _lacks(alias: str) -> list[str]:
    given = settings.DATABASES[alias].get("OPTIONS", {})
    lacks = []
    if str(given.get("transaction_mode", "")).upper() != "IMMEDIATE":
        lacks.append("transaction_mode IMMEDIATE")
    if "wal" not in str(given.get("init_command", "")).lower():
        lacks.append("WAL")
    return lacks
