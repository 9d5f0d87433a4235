"""Step 4, an Executor's map: who works is one name, and the rest of the code does not know it."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from lesson import teach
from tasks import Done, fetch


def executor_map(urls: list[str], folder: Path, workers: int) -> list[Done]:
    """Return the sprites in the order of their URLs; the first error ends it."""
    with ThreadPoolExecutor(workers) as executor:
        return list(executor.map(partial(fetch, folder=folder), urls))


if __name__ == "__main__":
    teach(executor_map)
