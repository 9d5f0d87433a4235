"""P: what happens to processes, and what comes of it."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.core.management import call_command

from sprites.management import terminal

from ..support.clock import within
from ..support.site import ROOT, Run, heard, until
from .lab import GIF, LIST, PNG, SELECTION, HereLab, ShellLab
from .signalled import descendants, ended, kill, sprite_files, start

HANGS = {"path": "/sprites/pokemon/2.png", "hang": True}
IS_SLOW = {"path": "/sprites/*", "delay": 0.5}


@pytest.mark.parametrize(
    ("number", "code", "fault", "seconds"),
    [(signal.SIGINT, 130, HANGS, 6.5), (signal.SIGTERM, 143, IS_SLOW, 4.0)],
)
def test_a_signal_ends_the_run_and_keeps_what_is_done(
    shell_lab: ShellLab,
    executor: str,
    number: signal.Signals,
    code: int,
    fault: dict[str, Any],
    seconds: float,
) -> None:
    """P1, P2: once: what runs may finish or is aborted soon, what is done is kept, and told."""
    lab = shell_lab
    lab.api.fault(**fault)
    process = start(lab, "--executor", executor, "--workers", "2", "--timeout", "60")
    until(lambda: lab.api.requests(fault["path"]) and sprite_files(lab))
    family = [process.pid, *descendants(process.pid)]
    with within(seconds):
        for pid in family if number is signal.SIGINT else family[:1]:  # Ctrl-C goes to all of them
            os.kill(pid, number)
        exit_code, out, err = ended(process)
    assert exit_code == code, err
    assert "what was done is kept" in err
    assert "Traceback" not in err
    assert not [pid for pid in family if os.path.exists(f"/proc/{pid}/exe")]
    run = lab.settle(Run(exit_code, out, err), code, deaths=True)
    assert run.sprites["not_tried"] > 0
    assert run.sprites["stored"] == len(lab.files()) > 0
    assert lab.last_run()["state"] == "cancelled"
    lab.heal()


@pytest.mark.parametrize("ignored", [False, True])
def test_a_terminal_that_is_closed_ends_the_run_unless_that_is_ignored(
    shell_lab: ShellLab, ignored: bool
) -> None:
    """P2: SIGHUP is as SIGTERM; under ``nohup``, which ignores it, the run goes on."""
    lab = shell_lab
    lab.api.fault(GIF, hold=True)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    process = start(lab, "--timeout", "60")
    signal.signal(signal.SIGHUP, before)
    until(lambda: lab.api.requests(GIF))
    process.send_signal(signal.SIGHUP)
    if not ignored:
        until(lambda: process.poll() is not None)
    lab.api.clear()
    exit_code, _, err = ended(process)
    assert exit_code == (0 if ignored else 143), err
    assert lab.last_run()["state"] == ("done" if ignored else "cancelled")
    lab.heal()


@pytest.mark.parametrize(
    ("streams", "exit_code", "error"),
    [
        (">&-", 0, ""),
        ("2>&-", 0, ""),
        (">&- 2>&-", 0, ""),
        ("> /dev/full", 3, "stdout can't be written to: No space left on device"),
        ("2> /dev/full", 0, ""),
        ("| true", 0, ""),
    ],
)
def test_a_stream_that_takes_nothing_does_not_end_a_run(
    shell_lab: ShellLab, streams: str, exit_code: int, error: str
) -> None:
    """P1: closed, full or broken, stdout and stderr cost no traceback, and the work is done."""
    lab = shell_lab
    command = f'"{sys.executable}" manage.py fetch_sprites {" ".join(SELECTION)} {streams}'
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=ROOT, env=lab.site.environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == exit_code, done.stderr
    assert done.stderr.strip().removeprefix("CommandError: ") == error
    assert lab.last_run()["state"] == "done"
    assert lab.state() == lab.ideal


@pytest.mark.parametrize("stderr", ["2> /dev/full", "2> >(true)"])
def test_what_stderr_does_not_take_changes_no_exit_code(shell_lab: ShellLab, stderr: str) -> None:
    """P8: a refusal, a stop and a log line a sprite end as if they could be read."""
    lab = shell_lab
    lab.site.environment["SPRITES_RETRIES"] = "0"

    def run(*arguments: str) -> int:
        command = f'"{sys.executable}" manage.py fetch_sprites {" ".join(arguments)} {stderr}'
        shell = ["bash", "-c", command]
        return subprocess.run(shell, cwd=ROOT, env=lab.site.environment).returncode

    assert run("--workers", "0") == 2
    lab.api.fault(LIST, status=503)
    assert run(*SELECTION) == 3
    assert lab.last_run()["state"] == "stopped"
    lab.api.clear()
    assert run(*SELECTION, "-v3") == 0
    assert lab.state() == lab.ideal


def full_disk() -> int:
    """Open a file that never takes a byte."""
    return os.open("/dev/full", os.O_WRONLY)


def broken_pipe() -> int:
    """Open a pipe whose reader is gone."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def closed_terminal() -> int:
    """Open a terminal that has been shut: progress on it was a bar."""
    reader, writer = pty.openpty()
    os.close(reader)
    return writer


@pytest.mark.parametrize("opened", [full_disk, broken_pipe, closed_terminal])
def test_progress_that_can_not_be_shown_is_dropped(
    lab: HereLab, monkeypatch: pytest.MonkeyPatch, opened: Callable[[], int]
) -> None:
    """P8: a line or a bar that the stream does not take ends no run, whenever it comes."""
    monkeypatch.setattr(terminal, "_LINE_EVERY", 0.0)
    monkeypatch.setattr(terminal, "_REDRAW_EVERY", 0.0)
    stream = open(opened(), "w", buffering=1)  # noqa: SIM115 # what it holds can't be flushed
    try:
        call_command("fetch_sprites", *SELECTION, "-v3", stderr=stream)
    finally:
        with suppress(OSError):
            stream.close()
    assert lab.rows("sprites_syncrun")[-1]["state"] == "done"
    assert lab.state() == lab.ideal


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_terminal_that_knows_only_ascii_is_told_all(shell_lab: ShellLab, form: str) -> None:
    """X8: what its encoding lacks is escaped, and JSON is JSON in any encoding."""
    lab = shell_lab
    lab.api.edit("/api/v2/pokemon/1/", {"sprites/é": 5})
    lab.site.environment["PYTHONIOENCODING"] = "ascii"
    done = lab.site.manage("fetch_sprites", "--ids", "1", "--sprites", "*", "--format", form)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    if form == "json":
        assert json.loads(done.stdout)["failures"][0]["key"] == "é"
    else:
        assert "1 \\xe9: schema" in done.stdout


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_a_second_signal_ends_the_process_at_once(shell_lab: ShellLab, executor: str) -> None:
    """P1: twice: the process is gone within a second, and the next run puts everything right."""
    lab = shell_lab
    lab.api.fault(GIF, hang=True)
    process = start(lab, "--executor", executor, "--timeout", "60")
    until(lambda: lab.api.requests(GIF))
    workers = descendants(process.pid)
    process.send_signal(signal.SIGINT)
    heard(process.pid, signal.SIGINT)  # two signals at the very same moment are one
    process.send_signal(signal.SIGINT)
    exit_code, _, _ = ended(process, within=2)
    assert exit_code == 130
    until(lambda: not [pid for pid in workers if os.path.exists(f"/proc/{pid}/exe")])
    lab.assert_files(strays=True)
    lab.heal()


def burst(process: "subprocess.Popen[str]") -> int:
    """Send a process one signal after the other until it has ended; return its exit code."""

    def sent() -> bool:
        for number in (signal.SIGINT, signal.SIGTERM) * 3:
            process.send_signal(number)
        return process.poll() is not None

    until(sent)
    return process.returncode


def test_a_burst_of_signals_always_ends_our_server() -> None:
    """P9: a signal in the middle of another one's handler is no deadlock: exit 0, nothing told."""
    command, pipe = [sys.executable, "-m", "sprites.testing"], subprocess.PIPE
    for _ in range(3):
        with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as server:
            assert server.stdout is not None
            assert server.stderr is not None
            assert server.stdout.readline()
            assert (burst(server), server.stderr.read()) == (0, "")


def test_a_burst_of_signals_ends_a_run_at_once(shell_lab: ShellLab) -> None:
    """P9: the second signal ends the process though the first one's handler has not returned."""
    lab = shell_lab
    lab.api.fault(GIF, hang=True)
    process = start(lab, "--timeout", "60")
    until(lambda: lab.api.requests(GIF))
    assert burst(process) in (130, 143)
    _, out, err = ended(process)
    assert out == "", "a run that was waited for reports"
    assert "Traceback" not in err
    lab.assert_files(strays=True)
    lab.heal()


@pytest.mark.parametrize("executor", ["sync", "processes"])
def test_a_killed_run_is_taken_over_and_finished(shell_lab: ShellLab, executor: str) -> None:
    """P3, K2: kill -9 in the middle: no wrong file stands, and the next run ends as if nothing."""
    lab = shell_lab
    lab.api.fault(GIF, hang=True)
    process = start(lab, "--executor", executor)
    until(lambda: sprite_files(lab) and lab.api.requests(GIF))
    kill(process)
    lab.assert_files(strays=True)
    assert lab.last_run()["state"] == "running"
    lab.heal()
    assert [row["state"] for row in lab.rows("sprites_syncrun")] == ["interrupted", "done"]


def test_workers_do_not_outlive_a_killed_parent(shell_lab: ShellLab) -> None:
    """P3: when only the parent is killed its worker processes end, also in the middle of a GET."""
    lab = shell_lab
    lab.api.fault(GIF, hang=True)
    process = start(lab, "--executor", "processes", "--workers", "2")
    until(lambda: lab.api.requests(GIF))
    workers = descendants(process.pid)
    assert len(workers) >= 2
    process.kill()
    process.wait()
    with within(5):
        until(lambda: not [pid for pid in workers if os.path.exists(f"/proc/{pid}/exe")])
    ended(process)
    lab.api.clear()
    lab.heal()


def test_a_killed_worker_costs_nothing(shell_lab: ShellLab) -> None:
    """P4: the pool is built anew, what was lost runs again, and the run ends well."""
    lab = shell_lab
    lab.api.fault(GIF, hold=True)
    process = start(lab, "--executor", "processes", "--workers", "2", "--timeout", "20")
    until(lambda: lab.api.requests(GIF))
    worker = max(pid for pid in descendants(process.pid) if not descendants(pid))
    os.kill(worker, signal.SIGKILL)
    until(lambda: worker not in descendants(process.pid))
    lab.api.clear()  # it may have been the other one that waits for this reply
    exit_code, out, err = ended(process)
    assert exit_code == 0, err
    assert '"failed": 0' in out
    lab.assert_files()
    lab.heal()


def test_a_job_that_kills_every_worker_is_given_up(lab: HereLab) -> None:
    """P4: a job whose worker dies twice fails as ``worker_died``; nothing else does."""
    run = lab.run("--executor", "tests.faults.executors.deadly")
    lab.settle(run, 1, deaths=True)
    assert run.codes == {"worker_died": 1}
    assert run.report["failures"][0]["url"].endswith(GIF)
    assert run.sprites["stored"] == len(lab.ideal["files"]) - 1
    lab.heal()


def test_workers_that_all_die_end_the_run(lab: HereLab) -> None:
    """P4: where every worker dies at once there is an end to it: exit 3 or 2, never a hang."""
    with within(15):
        run = lab.run("--executor", "tests.faults.executors.stillborn")
    assert run.exit_code in (2, 3)
    assert lab.api.requests() == []
    lab.heal()


@pytest.mark.parametrize("kind", ["odd", "exits", "unpicklable"])
def test_a_worker_that_raises_oddly_fails_its_job_alone(lab: HereLab, kind: str) -> None:
    """P5: a two-argument exception, SystemExit, an unpicklable result: ``internal``, no more."""
    run = lab.settle(lab.run("--executor", f"tests.faults.executors.{kind}"), 1)
    assert run.codes == {"internal": 1}
    assert run.sprites["stored"] == len(lab.ideal["files"]) - 1
    lab.heal()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_every_start_method_gives_the_same_mirror(shell_lab: ShellLab, method: str) -> None:
    """P6: fork and spawn too: no AppRegistryNotReady, no database connection that is shared."""
    lab = shell_lab
    lab.settle(lab.run("--executor", f"tests.faults.executors.{method}", "--workers", "2"), 0)
    assert lab.state() == lab.ideal
    assert lab.api.requests(PNG)
