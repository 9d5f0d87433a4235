"""Step 6, a window: however long the list, two calls for each worker are under way at a time."""

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from itertools import islice
from pathlib import Path

from lesson import teach
from tasks import Done, fetch


def bounded_window(urls: list[str], folder: Path, workers: int) -> Iterator[Done]:
    """Yield sprites as they are saved; the list is read only as far as there is room."""
    todo = iter(urls)
    with ThreadPoolExecutor(workers) as executor:
        running = {executor.submit(fetch, url, folder) for url in islice(todo, 2 * workers)}
        while running:
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for url in islice(todo, len(finished)):
                running.add(executor.submit(fetch, url, folder))
            for future in finished:
                yield future.result()


if __name__ == "__main__":
    teach(bounded_window)
