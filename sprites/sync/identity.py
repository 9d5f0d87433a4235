"""Who this process is: its host and its own name, as a run's row keeps them."""

import os
import socket
from pathlib import Path


def this_host() -> str:
    """Name this host; containers that share a host's name differ in their process namespace."""
    try:
        return f"{socket.gethostname()}/{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return socket.gethostname()


def process_name(pid: int) -> str:
    """Name a process by its id and when it began, so that a reused id is not taken for it.

    A process that does not live is "".
    """
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
        state, *rest = status.rpartition(") ")[2].split()
        return "" if state in "ZX" else f"{pid}:{rest[18]}"
    except OSError:
        return _process_without_proc(pid)


def _process_without_proc(pid: int) -> str:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return f"{pid}"
    except OSError:
        return ""
    return "" if Path("/proc/self").exists() else f"{pid}"
