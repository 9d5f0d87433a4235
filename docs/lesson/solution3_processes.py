"""Exercise 3: step 4 on processes; only the executor is another one."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from lesson import teach
from tasks import Done, fetch


def map_on_processes(urls: list[str], folder: Path, workers: int) -> list[Done]:
    """Return the sprites in the order of their URLs; the first error ends it."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context) as executor:
        return list(executor.map(partial(fetch, folder=folder), urls))


if __name__ == "__main__":
    teach(map_on_processes)
