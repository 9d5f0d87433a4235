"""Exercise 5: Ctrl-C waits for what runs, and for nothing that has not begun."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from lesson import teach
from tasks import Done, fetch


def end_at_ctrl_c(urls: list[str], folder: Path, workers: int) -> Iterator[Done]:
    """Yield sprites as they are saved."""
    executor = ThreadPoolExecutor(workers)
    futures = [executor.submit(fetch, url, folder) for url in urls]
    try:
        for future in as_completed(futures):
            yield future.result()
    finally:
        executor.shutdown(cancel_futures=True)


if __name__ == "__main__":
    teach(end_at_ctrl_c)
