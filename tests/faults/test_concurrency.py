"""K: runs, readers and rows that meet."""

import os
import re
import threading
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from sprites.models import Sprite, SyncRun
from sprites.sync.identity import process_name, this_host

from ..support.site import until
from .lab import DOCUMENT, GIF, LIST, PNG, HereLab, ShellLab
from .signalled import ended, kill, start


def test_a_second_command_ends_at_once(shell_lab: ShellLab) -> None:
    """K1: while a run lives another one exits 4, asks for nothing and does not disturb it."""
    lab = shell_lab
    lab.api.fault(GIF, hold=True)
    first = start(lab)
    until(lambda: lab.api.requests(GIF))
    lab.api.clear_log()
    second = lab.site.fetch("--all")
    assert second.exit_code == second.report["exit_code"] == 4
    assert "holds the lock" in second.report["message"]
    assert lab.api.requests(LIST) == []
    lab.api.clear()
    exit_code, _, err = ended(first)
    assert exit_code == 0, err
    lab.assert_files()
    lab.heal()


def held(**more: Any) -> SyncRun:
    """Make the row of a run that a process that lives, pytest's parent, is conducting."""
    now = timezone.now()
    row = {"host": this_host(), "process": process_name(os.getppid()), "heartbeat_at": now}
    return SyncRun.objects.create(
        trigger="command", executor="sync", workers=1, started_at=now, **{**row, **more}
    )


def test_the_admin_says_that_a_run_is_under_way(lab: HereLab) -> None:
    """K1: its preview names the run that lives, and its button starts none and says why."""
    holder = held()
    client = Client()
    client.force_login(User.objects.create_superuser("ash"))
    preview = client.post("/admin/sprites/syncrun/retry-failed/").content.decode()
    assert f"Run {holder.pk} holds the lock" in preview
    request = re.findall(r'name="request" value="([^"]+)"', preview)
    reply = client.post("/admin/sprites/syncrun/start/", {"request": request}, follow=True)
    assert f"Run {holder.pk} holds the lock" in reply.content.decode()
    assert SyncRun.objects.get() == holder
    assert lab.api.requests() == []
    holder.delete()
    lab.heal()


@pytest.mark.parametrize(
    ("holder", "exit_code"),
    [
        ({}, 4),
        ({"process": "1:0"}, 0),
        ({"process": "999999999:5"}, 0),
        ({"host": "elsewhere/1"}, 4),
        ({"host": "elsewhere/1", "heartbeat_at": timezone.now() - timedelta(seconds=61)}, 0),
        ({"heartbeat_at": timezone.now() - timedelta(days=9)}, 4),
    ],
)
def test_a_lock_is_taken_over_from_the_dead_only(
    lab: HereLab, caplog: pytest.LogCaptureFixture, holder: dict[str, Any], exit_code: int
) -> None:
    """K2: a dead process here, at once; another host's after a minute; one that lives, never."""
    row = held(**holder)
    run = lab.run()
    assert run.exit_code == exit_code, run.stderr
    row.refresh_from_db()
    assert row.state == ("running" if exit_code else "interrupted")
    assert ("taking over" in caplog.text) is (exit_code == 0)
    row.delete()
    lab.heal()


def test_a_killed_holder_is_taken_over_at_once(shell_lab: ShellLab) -> None:
    """K2: kill -9 of the holder frees the lock for the very next run, which logs it."""
    lab = shell_lab
    lab.api.fault(GIF, hang=True)
    holder = start(lab)
    until(lambda: lab.api.requests(GIF))
    kill(holder)
    lab.api.clear()
    run = lab.settle(lab.run(), 0)
    assert "taking over" in run.stderr
    lab.heal()


def test_a_run_that_lost_its_database_does_not_hold_the_lock(lab: HereLab) -> None:
    """K2: a process that lives on, such as a web server's, does not hold what it has ended."""
    row = held(process=process_name(os.getpid()))
    lab.settle(lab.run(), 0)
    row.refresh_from_db()
    assert row.state == "interrupted"
    lab.heal()


def test_one_url_in_two_rows_is_asked_for_once(lab: HereLab) -> None:
    """K3: both rows get the bytes, each in a file of its own."""
    lab.api.edit("/api/v2/pokemon/2/", {"sprites/front_default": f"{lab.api.origin}{PNG}"})
    lab.settle(lab.run(), 0)
    assert len(lab.api.requests(PNG)) == 1
    first, second = lab.row(), lab.row(pokemon=2)
    assert first["sha256"] == second["sha256"]
    assert first["file"] != second["file"]
    lab.heal("--force")


def test_deleting_one_row_never_takes_the_file_of_another(lab: HereLab) -> None:
    """K3: the same bytes at two URLs are two files: pruning one sprite leaves the other's."""
    lab.clean()
    body = lab.files()[lab.row()["file"]]
    lab.api.put("/sprites/pokemon/2.png", body, "image/png")
    lab.settle(lab.run("--force"), 0)
    lab.api.edit(DOCUMENT, {"sprites/front_default": None})
    lab.options(PRUNE_AFTER=0)
    run = lab.settle(lab.run("--force", "--prune"), 0)
    assert run.report["pruned"] == 1
    assert lab.files()[lab.row(pokemon=2)["file"]] == body
    lab.heal("--force")


def test_a_reader_sees_whole_bytes_while_they_are_replaced(lab: HereLab) -> None:
    """K4: whoever opens the file that a row names gets all of the old bytes or of the new."""
    lab.clean()
    sprites = [(key, n) for key in ("front_default", "back_default") for n in (1, 2, 3)]
    old, *bodies = (lab.files()[lab.row(*sprite)["file"]] for sprite in sprites)
    over, torn = threading.Event(), []
    seen: set[bytes] = set()

    def read() -> None:
        while not over.is_set():
            name = Sprite.objects.get(pokemon=1, key="front_default").file.name or ""
            try:
                data = (lab.media / name).read_bytes()
            except FileNotFoundError:  # replaced between the two lines: the row must say so
                if Sprite.objects.get(pokemon=1, key="front_default").file.name == name:
                    torn.append(name)
                continue
            seen.add(data)
        connection.close()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        until(lambda: old in seen)
        for body in bodies:  # each of them once, for no file's name shall come again
            lab.api.put(PNG, body, "image/png")
            lab.settle(lab.run("--force", "--sprites", "front_default"), 0)
            until(partial(seen.__contains__, body))
    finally:
        over.set()
        reader.join()
    assert torn == []
    assert seen == {old, *bodies}
    lab.heal("--force")
