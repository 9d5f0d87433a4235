"""Step 3, processes: the same work, each worker an interpreter of its own."""

import multiprocessing
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from lesson import teach
from tasks import Done, fetch


def pool_of_processes(urls: list[str], folder: Path, workers: int) -> Iterator[Done]:
    """Yield sprites in the order in which they are saved.

    The function, each URL and each result are pickled to cross from one process to another.
    """
    context = multiprocessing.get_context("spawn")  # never a copy of this process's threads
    with context.Pool(workers) as pool:
        yield from pool.imap_unordered(partial(fetch, folder=folder), urls)


if __name__ == "__main__":
    teach(pool_of_processes)
