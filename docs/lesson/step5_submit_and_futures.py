"""Step 5, submit: a Future for each call, which holds its result or its error."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import requests
from lesson import teach
from tasks import Done, fetch


def submit_and_futures(urls: list[str], folder: Path, workers: int) -> Iterator[Done]:
    """Yield sprites as they are saved; tell of each that could not be, and go on."""
    with ThreadPoolExecutor(workers) as executor:
        futures = {executor.submit(fetch, url, folder): url for url in urls}
        for future in as_completed(futures):
            try:
                yield future.result()
            except requests.RequestException as error:
                print(f"{futures[future]}: {error}", file=sys.stderr)


if __name__ == "__main__":
    teach(submit_and_futures)
