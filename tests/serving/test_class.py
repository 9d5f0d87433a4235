"""A class: ``class.sh`` as a teacher starts it, and students who type what it says."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from sprites.testing import PokeAPI

from ..support.browser import Browser
from ..support.clock import within
from ..support.database import Database
from ..support.site import ROOT, ShellSite, files_in
from .test_second_site import rows_of

HERE = "127.0.0.1"
NOWHERE = "http://127.0.0.1:9/api/v2/"
QUICK = {"LIMIT": "3", "ADDRESS": HERE, "SPRITES_MAX_OUTAGE": "0.1"}


def free_port() -> str:
    """Return a port that the site can listen on, and nobody else gets: it stays bound."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the site has it
    holder.bind((HERE, 0))
    port = str(holder.getsockname()[1])
    holder.detach()
    return port


def start(teacher: ShellSite, **more: str) -> "subprocess.Popen[str]":
    """Run ``class.sh`` on a site."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.Popen(
        ["bash", "pokesite/class.sh"], cwd=ROOT, text=True, start_new_session=True,
        env={**teacher.environment, **QUICK, "PATH": path, "PORT": free_port(), **more},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@contextmanager
def lesson(teacher: ShellSite, **more: str) -> Iterator[str]:
    """Run a class and give what it prints before it serves; Ctrl-C ends it, and all of it."""
    process = start(teacher, **more)
    assert process.stdout is not None
    try:
        yield "".join(iter(process.stdout.readline, "Ctrl-C ends the class.\n"))
    finally:
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")


def refusal(teacher: ShellSite, **more: str) -> tuple[int, str]:
    """Return the exit code of a class that can't begin, and the one line that says why."""
    process = start(teacher, **more)
    _, errors = process.communicate(timeout=60)
    (line,) = errors.splitlines()
    return process.returncode, line


def mirrored(site: ShellSite) -> list[list[tuple[Any, ...]]]:
    """Return what a site has, but for lists: a teacher's names only what is there."""
    *found, documents = rows_of(site)
    return [*found, [each for each in documents if each[1] != 0]]


def test_students_who_type_the_line_get_all_from_the_teacher(
    shell: ShellSite, api: PokeAPI, tmp_path: Path, migrated: Database
) -> None:
    """Two at once have what the teacher has, and nobody else was asked for anything."""
    log = tmp_path / "access.log"
    with lesson(shell, GUNICORN_CMD_ARGS=f"--access-logfile={log}") as said:
        api.clear_log()
        typed = re.search(r"SPRITES_API_URL=(\S+) SPRITES_ALLOW_HTTP=true python manage", said)
        assert typed is not None, said
        students = []
        for name in ("ash", "misty"):
            (tmp_path / name).mkdir()
            student = ShellSite(typed[1], tmp_path / name, migrated.copy(tmp_path / name))
            students.append((student, student.start("--workers", "8")))
        try:
            for student, process in students:
                out, errors = process.communicate(timeout=60)
                assert process.returncode == 0, errors + out
                student.assert_whole()
                assert mirrored(student) == mirrored(shell)
                assert files_in(student.media) == files_in(shell.media)
        finally:
            for student, _ in students:
                student.close()
        browser = Browser(typed[1].removesuffix("api/v2/"))
        assert [browser.get(path).status for path in ("", "static/sprites/gallery.css")] == [
            200
        ] * 2
    assert api.requests() == []
    asked = re.findall(r'"GET /(api/v2|sprites)/.* (\d+) \d+ ', log.read_text())
    assert len(asked) == 2 * (1 + 1 + 9 + 3 + 3)  # lists, generations, Pokémon, sprites
    assert {status for _, status in asked} == {"200"}


def test_visitors_who_say_nothing_hold_up_nobody(shell: ShellSite) -> None:
    """A browser opens connections ahead of time; more of them than threads wait for no page."""
    with lesson(shell) as said, ExitStack() as silent:
        address = re.search(r"gallery: http://(.+):(\d+)/", said)
        assert address is not None, said
        for _ in range(40):
            silent.enter_context(socket.create_connection((address[1], int(address[2]))))
        with within(4):
            assert Browser(f"http://{address[1]}:{address[2]}/").get("").status == 200


def test_without_internet_the_class_gets_what_is_there(shell: ShellSite) -> None:
    """A line says so, and the site serves."""
    assert shell.fetch("--limit", "3").exit_code == 0
    with lesson(shell, SPRITES_API_URL=NOWHERE) as said:
        assert "can't be reached" in said
        assert "The class gets the 3 Pokémon that are here." in said


def test_without_internet_and_a_mirror_there_is_no_class(shell: ShellSite) -> None:
    """One line says how to go on."""
    code, line = refusal(shell, SPRITES_API_URL=NOWHERE)
    assert code == 3
    assert "can't be reached" in line
    assert "Nothing is mirrored yet: run this once where there is internet" in line


def test_a_port_that_is_taken_is_told_before_anything_is_done(
    shell: ShellSite, api: PokeAPI
) -> None:
    """With another one's name, and nobody was asked."""
    with socket.create_server((HERE, 0)) as taken:
        port = str(taken.getsockname()[1])
        code, line = refusal(shell, PORT=port)
    assert (code, line) == (2, f"{HERE}:{port} is taken; another port goes by PORT=8001")
    assert api.requests() == []


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("PORT", "80x", "PORT is '80x'; allowed: a whole number from 1 to 65535"),
        ("ADDRESS", "fd00::1", "ADDRESS is 'fd00::1'; allowed: an IPv4 address of this machine"),
        ("ADDRESS", "203.0.113.9", "203.0.113.9 is no address of this machine"),
        ("PROCESSES", "0", "PROCESSES is '0'; allowed: a whole number from 1 to 99"),
        ("LIMIT", "-1", "--limit is '-1'; allowed: a whole number from 1"),
    ],
)
def test_a_wrong_word_is_one_line(shell: ShellSite, name: str, value: str, told: str) -> None:
    """It names the value and what is allowed."""
    code, line = refusal(shell, **{name: value})
    assert code == 2
    assert told in line
