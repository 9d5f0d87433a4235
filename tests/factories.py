"""Factories that somebody might name as an executor: good ones, and all that can be wrong."""

from concurrent.futures import Executor, ThreadPoolExecutor

NOT_CALLABLE = "an executor"


def threads(max_workers: int) -> Executor:
    """Return an executor of so many workers."""
    return ThreadPoolExecutor(max_workers, thread_name_prefix="factory")


def single() -> Executor:
    """Return an executor, whatever the number of workers."""
    return ThreadPoolExecutor(1)


def no_executor(max_workers: int) -> object:
    """Return something else."""
    return [max_workers]


def broken(**options: int) -> Executor:
    """Fail, as a cluster that is not there."""
    raise OSError(f"no cluster for {options['max_workers']}")
