"""Executors of other packages, by their dotted paths."""

import os
import signal

from ..faults.lab import ShellLab
from ..faults.signalled import descendants, ended, sprite_files, start
from ..support.site import Run, until
from .test_runs import SLOW, said

LOKY = ("--executor", "loky.get_reusable_executor", "--workers", "2")


def test_loky_makes_the_same_mirror(shell_lab: ShellLab) -> None:
    """Its workers are processes that load no settings; nothing else is said."""
    run = shell_lab.settle(shell_lab.run(*LOKY), 0, within=30)
    assert shell_lab.state() == shell_lab.ideal
    assert said(run.stderr) == []


def test_a_killed_worker_of_loky_costs_nothing(shell_lab: ShellLab) -> None:
    """It breaks its executor as the standard library's pool does: another one is made."""
    lab = shell_lab
    lab.api.fault(**SLOW)
    process = start(lab, *LOKY)
    until(lambda: sprite_files(lab))
    workers = [pid for pid in descendants(process.pid) if not descendants(pid)]
    os.kill(max(workers), signal.SIGKILL)
    exit_code, out, err = ended(process, within=30)
    lab.settle(Run(exit_code, out, err), 0, within=30, deaths=True)
    assert lab.state() == lab.ideal
