"""System checks: an id for every option, a wrong value that raises it, and the risky set-ups."""

from typing import Any

import pytest
from django.conf import settings as site_settings
from django.core import checks
from django.db import connection
from pytest_django import Settings

from sprites.checks import IDS, NO_MEDIA_ROOT, NO_STORAGE, NO_TASKS, SQLITE, UNKNOWN
from sprites.conf import RULES

from .support.site import ShellSite
from .test_conf import BAD


def found(**more: Any) -> dict[str | None, checks.CheckMessage]:
    """Run this app's checks as ``manage.py check`` does, and return their messages by id."""
    messages = checks.run_checks(tags=["sprites"], **more)
    return {message.id: message for message in messages}


def test_a_site_with_defaults_has_nothing_to_report(settings: Settings) -> None:
    """Nothing is wrong with no options at all, nor with the example site."""
    assert found(databases=["default"]) == {}
    del settings.SPRITES
    assert found(databases=["default"]) == {}


def test_ids_are_unique_and_stay() -> None:
    """Every option has an id of its own, in the order of the options."""
    assert list(IDS) == list(RULES)
    assert len({*IDS.values(), UNKNOWN, NO_STORAGE, NO_TASKS}) == len(IDS) + 3
    assert (IDS["API_URL"], IDS["ALLOWED_ORIGINS"], IDS["WORKERS"]) == (
        *("sprites.E001", "sprites.E002"),
        "sprites.E006",
    )


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_wrong_option_is_an_error(settings: Settings, name: str) -> None:
    """The error has the option's id, name and value, and what is allowed as a hint."""
    settings.SPRITES = {name: BAD[name][0]}
    message = found()[IDS[name]]
    assert message.level == checks.ERROR
    assert name in message.msg
    assert repr(BAD[name][0]) in message.msg
    assert message.hint


def test_an_unknown_option_is_an_error(settings: Settings) -> None:
    """The hint lists the options that there are."""
    settings.SPRITES = {"WORKRES": 3}
    assert list(found()) == [UNKNOWN]
    assert "WORKERS" in str(found()[UNKNOWN].hint)


@pytest.mark.parametrize(
    ("backend", "alias"),
    [("sprites.backends.NoBackend", "default"), ("no.such.Backend", "default"),
     ("sprites.backends.ThreadsBackend", "nowhere")],
)  # fmt: skip
def test_a_task_backend_that_there_is_not_is_an_error(
    settings: Settings, backend: str, alias: str
) -> None:
    """The check says it, before somebody starts a run in the admin."""
    settings.TASKS = {"default": {"BACKEND": backend}}
    settings.SPRITES = {"TASK_BACKEND": alias}
    message = found()[NO_TASKS]
    assert (backend if alias == "default" else alias) in message.msg


def test_a_storage_that_there_is_not_is_an_error(settings: Settings) -> None:
    """The alias must be one of STORAGES."""
    settings.SPRITES = {"STORAGE": "nowhere"}
    assert list(found()) == [NO_STORAGE]
    assert "default" in str(found()[NO_STORAGE].hint)


def test_the_check_command_reports_a_storage_that_there_is_not(shell: ShellSite) -> None:
    """A wrong alias in the environment does not keep the site from saying so."""
    shell.environment["SPRITES_STORAGE"] = "nowhere"
    done = shell.manage("check")
    assert done.returncode == 1
    assert NO_STORAGE in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unset_media_root_is_a_warning(settings: Settings) -> None:
    """Sprites in the current folder are hardly what somebody wants."""
    settings.MEDIA_ROOT = ""
    message = found()[NO_MEDIA_ROOT]
    assert message.level == checks.WARNING


GOOD = {
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL;",
    "timeout": 20,
}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="warns of SQLite only")
@pytest.mark.parametrize(
    ("options", "lacks"),
    [
        (GOOD, ""),
        ({**GOOD, "transaction_mode": "immediate"}, ""),
        ({**GOOD, "transaction_mode": "DEFERRED"}, "transaction_mode IMMEDIATE"),
        ({**GOOD, "init_command": ""}, "WAL"),
        ({}, "transaction_mode IMMEDIATE and WAL"),
    ],
)
def test_sqlite_that_locks_itself_out_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], lacks: str
) -> None:
    """Without IMMEDIATE and WAL readers and the writer lock each other out; the hint has both."""
    monkeypatch.setitem(site_settings.DATABASES["default"], "OPTIONS", options)
    messages = found(databases=["default"])
    assert bool(messages) == bool(lacks)
    if lacks:
        assert list(messages) == [SQLITE]
        assert f"without {lacks}." in messages[SQLITE].msg
        assert "IMMEDIATE" in str(messages[SQLITE].hint)


def test_databases_are_not_looked_at_unasked() -> None:
    """Without ``--database`` no database check speaks."""
    assert SQLITE not in found()
