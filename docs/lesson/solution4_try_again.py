"""Exercise 4: what fails is tried again, three times in all."""

import sys
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

from lesson import teach
from tasks import Done, fetch


def try_again(urls: list[str], folder: Path, workers: int) -> Iterator[Done]:
    """Yield sprites as they are saved; tell of each that failed for good."""
    with ThreadPoolExecutor(workers) as executor:
        running = {executor.submit(fetch, url, folder): (url, 1) for url in urls}
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                url, attempts = running.pop(future)
                if future.exception() is None:
                    yield future.result()
                elif attempts < 3:
                    running[executor.submit(fetch, url, folder)] = url, attempts + 1
                else:
                    print(f"{url}: {future.exception()}", file=sys.stderr)


if __name__ == "__main__":
    teach(try_again)
