"""A site's run in a process of its own that is watched, and ended at a moment of the test's choice.

The moments are seen from outside: in the server's log, or in the files of the site.
"""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

from ..support import clock
from ..support.site import until
from .lab import ShellLab

_ENDS_WITHIN = 12.0


def start(lab: ShellLab, *arguments: str) -> "subprocess.Popen[str]":
    """Start a run of the selection, having emptied the server's log."""
    lab.forget()
    process = lab.site.start(*lab.selection, *arguments)
    lab.started.append(process)
    return process


def ended(process: "subprocess.Popen[str]", within: float = _ENDS_WITHIN) -> tuple[int, str, str]:
    """Wait for a process and return its exit code and what it printed; never leaves it behind."""
    try:
        with clock.within(within):
            out, err = process.communicate(timeout=5 * within)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return process.returncode, out, err


def descendants(pid: int) -> list[int]:
    """Return the ids of all processes below one, those of a fork server too."""
    found = []
    for child in _children(pid):
        found += [child, *descendants(child)]
    return found


def _children(pid: int) -> list[int]:
    try:
        texts = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    return [int(child) for text in texts for child in text.split()]


def kill(process: "subprocess.Popen[str]") -> None:
    """Kill a run as the machine's end would: it and all its workers, without a word."""
    family = [process.pid, *descendants(process.pid)]
    for pid in family:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    ended(process)
    until(lambda: not any(Path(f"/proc/{pid}").exists() and _lives(pid) for pid in family))


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


def sprite_files(lab: ShellLab) -> list[Path]:
    """Return the sprites' files that are there now."""
    return list(lab.media.glob("sprites/[0-9]*/**/*.*"))
