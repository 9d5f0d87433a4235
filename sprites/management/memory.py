"""Settings of the command's own process, made before its first job.

docs/benchmarks.md has what each of those for memory saves.
"""

import contextlib
import ctypes
import gc
import sys

_TRIM, _MAP, _ARENAS = -1, -3, -8
"""glibc's M_TRIM_THRESHOLD, M_MMAP_THRESHOLD and M_ARENA_MAX, from its ``malloc.h``."""
_LARGE = 256 * 1024
_FILES = 4096
"""Open files: a connection has two, its own and one of libcurl's, and a client two connections."""


def prepare() -> None:
    """Make the settings; to be called before the first job."""
    gc.freeze()  # the collector need not look at what Django has loaded, now and at the end
    if sys.platform == "linux":
        _return_large_blocks()
    if sys.platform != "win32":
        _allow_files()


def _return_large_blocks() -> None:
    """Let glibc return every large block to the system, and the threads share all smaller ones.

    By itself it raises the size of what it returns: after one body of 4 MiB each thread may keep
    eight. They share an arena, as they share Python's lock. Other C libraries have no such setting
    and do nothing.
    """
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MAP, _LARGE)
        mallopt(_TRIM, _LARGE)
        mallopt(_ARENAS, 1)


def _allow_files() -> None:
    """Raise the limit of open files, often 1,024 and less, as far as it is ours to raise."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
