"""The memory of a process that is the run's own, set up before its first job."""

import contextlib
import ctypes
import gc
import sys

_TRIM, _MAP = -1, -3
"""glibc's M_TRIM_THRESHOLD and M_MMAP_THRESHOLD, from its ``malloc.h``."""
_LARGE = 256 * 1024


def prepare() -> None:
    """Keep the collector away from what is loaded by now, and freed blocks from staying here."""
    gc.freeze()  # else each JSON document makes the collector walk all that Django has loaded
    if sys.platform == "linux":
        _give_back()


def _give_back() -> None:
    """Let glibc return every large block at once.

    By itself it does so for ever larger ones only: after one body of 4 MiB each thread may keep
    eight. Other C libraries, which have no such setting, do nothing.
    """
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MAP, _LARGE)
        mallopt(_TRIM, _LARGE)
