"""O: what people type and set, and what comes of it."""

import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.checks import run_checks
from django.db import connection

from ..support import database
from ..support.site import ROOT, until
from .lab import GIF, HereLab, ShellLab
from .signalled import ended, kill, start


def refused(lab: HereLab, *arguments: str) -> str:
    """Run the command, which must refuse in one line before any request; return that line."""
    lab.api.clear_log()
    run = lab.site.run(*arguments)
    assert run.exit_code == 2
    assert lab.api.requests() == []
    assert len(run.stderr.strip().splitlines()) == 1
    assert "Traceback" not in run.stderr
    return run.stderr


_WRONG = {
    "workers": ("0", "-1", "abc", "10000", "", "1.5", "1e9", "٣٠٠٠"),
    "rate": ("0", "-1", "nan", "inf", "x"),
    "timeout": ("-1", "0", "nan", "forever"),
    "retries": ("-1", "21", "many"),
    "limit": ("0", "-3", "x"),
    "ids": ("0x1", "5-1", "a-b", "-", "1-2-3"),
    "generation": ("0", "xx", "iiii", "-1"),
}


@pytest.mark.parametrize("option", _WRONG)
def test_a_wrong_value_is_named_with_what_is_allowed(lab: HereLab, option: str) -> None:
    """O1, O5: exit 2, one line with option, value and range; no request, nothing written."""
    for value in _WRONG[option]:
        line = refused(lab, f"--{option}={value}")
        assert f"--{option}" in line
        assert repr(value) in line
        assert "allowed" in line
    lab.heal()


@pytest.mark.parametrize(
    ("name", "value"),
    [("WORKERS", 0), ("RATE", 0), ("TIMEOUT", -1), ("NOT_AN_OPTION", 1), ("MAX_SHRINK", "half"),
     ("ALLOWED_ORIGINS", "https://x/path"), ("ALLOW_HTTP", "perhaps")],
)  # fmt: skip
def test_a_wrong_setting_is_named_with_what_is_allowed(
    lab: HereLab, name: str, value: object
) -> None:
    """O1: the same of ``SPRITES``, by the command and by the system checks."""
    lab.options(**{name: value})
    assert name in refused(lab, "--limit=1")
    assert any(name in str(error.msg) for error in run_checks(tags=["sprites"]))
    lab.heal()


_NO_EXECUTORS = {
    "nothing": "no dotted path",
    "tests.faults.unimportable.factory": "RuntimeError",
    "no.such.module.factory": "No module named",
    "tests.faults.executors.nothing": "nothing",
    "tests.support.factories.NOT_CALLABLE": "can't be called",
    "tests.support.factories.no_executor": "not a concurrent.futures.Executor",
    "tests.support.factories.broken": "no cluster",
    "builtins.dict": "not a concurrent.futures.Executor",
}


def test_an_executor_that_is_none_is_named_with_the_cause(lab: HereLab) -> None:
    """O2: exit 2 with the path and why, before any request."""
    for path, cause in _NO_EXECUTORS.items():
        line = refused(lab, "--limit=1", f"--executor={path}")
        assert path in line
        assert cause in line
    lab.heal()


_NO_APIS = (
    *("ftp://pokeapi.co/api/v2/", "", "pokeapi.co", "http://pokeapi.co/api/v2/", "https://"),
    *("https://u:p@pokeapi.co/api/v2/", "https://pokeapi.co/api/v2/?x=1", "http://10.0.0.1/"),
)


def test_an_api_url_that_can_not_be_used_is_refused(lab: HereLab) -> None:
    """O3: another scheme, no host, a user, a query, http away from here: exit 2 and a check."""
    for url in _NO_APIS:
        lab.options(API_URL=url)
        assert "API_URL" in refused(lab, "--limit=1")
        found = [str(error.id) for error in run_checks(tags=["sprites"])]
        assert [name for name in found if re.fullmatch(r"sprites\.E\d{3}", name)]
    lab.heal()


def test_an_api_url_gets_its_slash(lab: HereLab) -> None:
    """O3: an API URL without its last slash is the same API."""
    lab.options(API_URL=lab.api.url.rstrip("/"))
    lab.settle(lab.run(), 0)
    lab.heal()


def test_a_site_without_tables_is_told_what_to_run(shell_lab: ShellLab, tmp_path: Path) -> None:
    """O4: unapplied migrations are exit 2 with the command to run, and no request."""
    lab = shell_lab
    (tmp_path / "bare").mkdir()
    bare = database.create(tmp_path / "bare")
    lab.site.environment["DATABASE_URL"] = bare.url
    run = lab.run()
    bare.drop()
    assert run.exit_code == 2
    assert "manage.py migrate" in run.stderr
    assert "Traceback" not in run.stderr
    assert lab.api.requests() == []
    lab.site.environment["DATABASE_URL"] = lab.site.database.url
    lab.heal()


def test_a_database_that_would_lock_readers_out_is_warned_of(
    lab: HereLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """O4: SQLite without IMMEDIATE or WAL and a MEDIA_ROOT that is not set are warnings."""
    if connection.vendor != "sqlite":
        pytest.skip("about SQLite")
    monkeypatch.setitem(django_settings.DATABASES["default"], "OPTIONS", {})
    lab.settings.MEDIA_ROOT = ""
    found = {warning.id for warning in run_checks(databases=["default"])}
    assert {"sprites.W001", "sprites.W002"} <= found
    lab.settings.MEDIA_ROOT = str(lab.media)
    lab.heal()


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [(["mosbun"], "mossbun"), (["99999"], "99999"), (["--ids", "5000"], "upstream has"),
     (["--type", "fier"], "fire"), (["--generation", "77"], "1 to 9")],
)  # fmt: skip
def test_what_upstream_does_not_know_is_named_with_the_nearest(
    lab: HereLab, arguments: list[str], hint: str
) -> None:
    """O5: an unknown name or id is exit 2, the lock is free, and nothing was written."""
    run = lab.site.run(*arguments)
    assert run.exit_code == 2
    assert hint in run.stderr
    assert lab.rows("sprites_syncrun") == lab.rows() == []
    lab.heal()


def test_a_dry_run_writes_nothing_at_all(lab: HereLab) -> None:
    """O5: ``--dry-run --prune`` changes no row and no file, and says what it would do."""
    lab.clean()
    lab.api.gone("/sprites/pokemon/1.png")
    lab.settle(lab.run("--force"), 0)
    before: list[Any] = [lab.rows(), lab.rows("sprites_pokemon"), lab.rows("sprites_syncrun")]
    files = lab.files()
    lab.options(PRUNE_AFTER=0, FRESH_FOR=0)
    run = lab.run("--dry-run", "--prune")
    assert run.exit_code == 0
    assert run.report["pruned"] == 1
    assert run.sprites["not_tried"] == run.sprites["wanted"] > 0
    assert [lab.rows(), lab.rows("sprites_pokemon"), lab.rows("sprites_syncrun")] == before
    assert lab.files() == files
    lab.heal()


def attempts(text: str) -> int:
    """Return how many attempts a trace tells of, which must be whole."""
    return sum(event["ph"] == "X" for event in json.loads(text))


def test_a_trace_is_left_alone_by_a_run_that_may_not_begin(
    shell_lab: ShellLab, tmp_path: Path
) -> None:
    """O6: one that finds the lock held, or is wrong usage, takes nothing of another one's file."""
    lab, trace = shell_lab, tmp_path / "run.json"
    trace.write_text("of another day")
    lab.api.fault(GIF, hold=True)
    process = start(lab, "--trace", str(trace))
    until(lambda: lab.api.requests(GIF))
    assert lab.site.fetch("--trace", str(trace)).exit_code == 4
    assert lab.site.fetch("--workers", "0", "--trace", str(trace)).exit_code == 2
    assert trace.read_text() == "of another day"
    lab.api.clear()
    exit_code, out, err = ended(process)
    assert exit_code == 0, err
    assert attempts(trace.read_text()) == json.loads(out)["requests"] + 1
    assert list(tmp_path.glob("run.json*")) == [trace]


def test_a_trace_of_a_killed_run_lies_beside_the_last_whole_one(
    shell_lab: ShellLab, tmp_path: Path
) -> None:
    """O6: what stood there stays, the part can be read, and the next trace clears it away."""
    lab, trace = shell_lab, tmp_path / "run.json"
    trace.write_text("of another day")
    lab.api.fault(GIF, hang=True)
    process = start(lab, "--trace", str(trace))
    until(lambda: lab.api.requests(GIF))
    kill(process)
    assert trace.read_text() == "of another day"
    (part,) = tmp_path.glob("run.json.*")
    assert part.name == f"run.json.{process.pid}.part"
    assert attempts(part.read_text() + "]") > 0
    lab.heal("--trace", str(trace))
    assert attempts(trace.read_text()) > 0
    assert list(tmp_path.glob("run.json*")) == [trace]


def test_a_trace_goes_where_it_is_sent(lab: HereLab, tmp_path: Path) -> None:
    """O6: a link's target is replaced, a pipe is written straight, and what can't be is exit 2."""
    target, link, pipe = (tmp_path / name for name in ("target", "link", "pipe"))
    link.symlink_to(target)
    lab.settle(lab.run("--trace", str(link)), 0)
    assert link.is_symlink()
    assert attempts(target.read_text()) > 0
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    lab.settle(lab.run("--trace", str(pipe)), 0)
    reader.join()
    assert attempts(read[0]) > 0
    for wrong in ("", str(tmp_path), str(tmp_path / "no" / "folder"), "a\0b", f"{target}/below"):
        assert "--trace is" in refused(lab, "--limit=1", f"--trace={wrong}")
    assert sorted(tmp_path.glob("*")) == sorted([lab.media, link, pipe, target])


def test_a_trace_on_stdout_does_not_replace_what_stdout_is(
    shell_lab: ShellLab, tmp_path: Path
) -> None:
    """O6: where stdout is a file, ``/dev/stdout`` is a name of that file: both stand in it."""
    lab, out = shell_lab, tmp_path / "out"
    with out.open("w") as stdout:
        command = [sys.executable, "manage.py", "fetch_sprites", "1", "--trace", "/dev/stdout"]
        environment = lab.site.environment
        subprocess.run(command, cwd=ROOT, env=environment, stdout=stdout, check=True)
    trace, _, summary = out.read_text().partition("\n]\n")
    assert attempts(trace + "]") > 0
    assert summary.startswith("Pokémon  1 checked")
