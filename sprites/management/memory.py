"""Memory settings of the command's own process. docs/benchmarks.md has what each of them saves."""

import contextlib
import ctypes
import gc
import sys

_TRIM, _MAP = -1, -3
"""glibc's M_TRIM_THRESHOLD and M_MMAP_THRESHOLD, from its ``malloc.h``."""
_LARGE = 256 * 1024


def prepare() -> None:
    """Make the settings; to be called before the first job."""
    gc.freeze()  # the collector need not look at what Django has loaded, now and at the end
    if sys.platform == "linux":
        _return_large_blocks()


def _return_large_blocks() -> None:
    """Let glibc return every large block to the system as soon as it is freed.

    By itself it raises the size of what it returns: after one body of 4 MiB each thread may keep
    eight. Other C libraries have no such setting and do nothing.
    """
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MAP, _LARGE)
        mallopt(_TRIM, _LARGE)
