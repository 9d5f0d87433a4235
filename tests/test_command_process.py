"""The command as a process: the lock, signals, kill -9, a terminal, and a pipe that is shut."""

import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time

import pytest

from sprites.testing import PokeAPI

from .support.clock import within
from .support.site import ROOT, Run, ShellSite, assert_adds_up, until

SPRITES = ("--ids", "5-9", "--sprites", "all")
PNG = "/sprites/pokemon/*"


def end(process: "subprocess.Popen[str]", number: int | None = None) -> Run:
    """Send a signal, wait for the end of a process, and return how it ended."""
    if number is not None:
        process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return Run(process.returncode, out, err)


def test_a_second_run_is_locked_out(shell: ShellSite, api: PokeAPI) -> None:
    """While a run lives another one ends at once, with exit 4, one line and no request."""
    api.fault(PNG, hang=True)
    first = shell.start("--limit", "3")
    until(lambda: api.requests(PNG))
    second = shell.fetch("--limit", "3")
    assert second.exit_code == second.report["exit_code"] == 4
    assert "holds the lock" in second.stderr
    assert second.report["message"] in second.stderr
    assert len(second.stderr.splitlines()) == 1
    lists = [request for request in api.requests() if "/pokemon/?limit" in request.path]
    assert len(lists) == 1, "the list is what a run asks for first"
    end(first, signal.SIGKILL)


@pytest.mark.parametrize(
    ("number", "code", "executor"),
    [
        (signal.SIGINT, 130, "threads"),
        (signal.SIGTERM, 143, "processes"),
    ],
)
def test_a_signal_ends_a_run_in_time(
    shell: ShellSite, api: PokeAPI, number: int, code: int, executor: str
) -> None:
    """Though upstream hangs, a run ends within 5 s with a summary that adds up; work is kept."""
    api.fault("/sprites/pokemon/9.png", hang=True)
    process = shell.start("--limit", "12", "--executor", executor)
    until(lambda: api.requests("/sprites/pokemon/9.png"))
    with within(5):
        run = end(process, number)
    assert run.exit_code == run.report["exit_code"] == code
    assert_adds_up(run.report)
    assert run.sprites["stored"] > 0
    assert run.sprites["not_tried"] > 0
    assert "Traceback" not in run.stderr
    shell.assert_whole(run)
    api.clear()
    again = shell.fetch("--limit", "12", "--executor", executor)
    assert again.exit_code == 0, again.stderr
    assert again.sprites["unchanged"] == run.sprites["stored"]
    shell.assert_whole(again)


def test_a_second_signal_ends_it_at_once(shell: ShellSite, api: PokeAPI) -> None:
    """Who presses Ctrl-C twice does not wait; the next run clears up."""
    api.fault(PNG, hang=True)
    process = shell.start("--limit", "12")
    until(lambda: api.requests(PNG))
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    while process.poll() is None and time.monotonic() < began + 2:
        process.send_signal(signal.SIGINT)
        time.sleep(0.05)
    assert end(process).exit_code == 130
    api.clear()
    run = shell.fetch("--limit", "12")
    assert run.exit_code == 0, run.stderr
    shell.assert_whole(run)


@pytest.mark.parametrize(
    ("asked", "executor"), [(1, "threads"), (150, "threads"), (60, "processes")]
)
def test_a_killed_run_is_healed_by_the_next(
    shell: ShellSite, api: PokeAPI, asked: int, executor: str
) -> None:
    """kill -9 at any moment, then the same command: all is there, whole, and nothing stray."""
    api.fault(PNG, delay=0.01)
    process = shell.start(*SPRITES, "--executor", executor)
    until(lambda: api.stats()["requests"] >= asked)
    end(process, signal.SIGKILL)
    api.clear()
    run = shell.fetch(*SPRITES, "--executor", executor)
    assert run.exit_code == 0, run.stderr
    it = run.sprites
    assert it["wanted"] == it["stored"] + it["unchanged"] > 200
    shell.assert_whole(run)


def test_what_a_killed_run_left_half_written_is_swept(shell: ShellSite, api: PokeAPI) -> None:
    """Temporary files and files of ours without a row go; what others put there stays."""
    api.fault(PNG, hang=True)
    process = shell.start("1")
    until(lambda: api.requests(PNG))
    end(process, signal.SIGKILL)
    api.clear()
    stray = shell.media / "sprites" / "1" / "front_shiny.2cf24dba.png"
    half = shell.media / "sprites" / ".incoming" / "0123456789abcdef.part"
    foreign = [shell.media / "sprites" / "1" / "notes.txt", shell.media / "avatar.png"]
    for path in (stray, half, *foreign):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"hello")
    run = shell.fetch("1")
    assert run.exit_code == 0, run.stderr
    assert not stray.exists()
    assert not half.exists()
    assert all(path.read_bytes() == b"hello" for path in foreign)


def test_a_host_that_is_down_ends_the_run_in_seconds(shell: ShellSite) -> None:
    """Without network the run says so at once, and ends with exit 3 and what to do about it."""
    shell.environment |= {
        "SPRITES_API_URL": "http://127.0.0.1:9/api/v2/",
        "SPRITES_MAX_OUTAGE": "2",
    }
    with within(15):
        run = shell.fetch()
    assert run.exit_code == run.report["exit_code"] == 3
    assert "WARNING http://127.0.0.1:9: " in run.stderr
    assert "make demo" in run.stderr
    assert "SPRITES_API_URL" in run.stderr
    assert "Traceback" not in run.stderr


def test_progress_on_a_terminal_is_a_bar(shell: ShellSite, api: PokeAPI) -> None:
    """On a terminal stderr shows one line that is drawn over; stdout is the report alone."""
    api.fault(PNG, delay=0.05)
    reader, writer = pty.openpty()
    termios.tcsetwinsize(writer, (24, 80))
    command = [sys.executable, "manage.py", "fetch_sprites", "--limit", "20", "--format", "json"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=shell.environment, stdout=subprocess.PIPE, stderr=writer
    )
    os.close(writer)
    drawn = b""
    try:
        while part := os.read(reader, 4096):
            drawn += part
    except OSError:  # how Linux says that the other end is closed
        pass
    finally:
        os.close(reader)
    out = process.communicate(timeout=60)[0]
    assert json.loads(out)["sprites"]["stored"] == 20
    assert b"\r" in drawn
    assert b"sprites" in drawn
    assert b"INFO" not in drawn
    assert drawn.count(b"\n") <= 1


def test_elsewhere_progress_is_plain_lines(shell: ShellSite) -> None:
    """A log file gets no control characters, and from a short run nothing at all."""
    done = shell.manage("fetch_sprites", "--limit", "5", "-v", "2")
    assert done.returncode == 0
    assert "\r" not in done.stderr
    assert sorted(done.stderr.splitlines()) == [
        f"INFO Pokémon {number}: new" for number in range(1, 6)
    ]


def test_a_reader_that_has_had_enough_is_no_error(shell: ShellSite) -> None:
    """``fetch_sprites | head -0`` ends as if everything had been read."""
    process = shell.start("--limit", "2")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read()
    process.stderr.close()
    assert (process.wait(30), err) == (0, "")
