"""The lecture's four downloaders, written anew: ``python -m bench.lecture NAME URLS FOLDER``.

Each takes a file with a URL a line, and writes what ``requests.get`` brings into a folder.
"""

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from queue import Empty, Queue

import requests

QUEUE_THREADS, POOL_PROCESSES, EXECUTOR_THREADS = 10, 15, 8

Urls = list[str]


def download(folder: Path, url: str) -> None:
    """Fetch one URL into a file that is named after it."""
    response = requests.get(url, timeout=30)
    response.raise_for_status()
    file_for(folder, url).write_bytes(response.content)


def file_for(folder: Path, url: str) -> Path:
    """Return a file in a folder for a URL."""
    return folder / url.partition("/sprites/pokemon/")[2].replace("/", "_")


def sequential(urls: Urls, folder: Path) -> None:
    """One after another."""
    for url in urls:
        download(folder, url)


def queued(urls: Urls, folder: Path) -> None:
    """Ten threads on a queue."""
    queue: Queue[str] = Queue()
    for url in urls:
        queue.put(url)

    def work() -> None:
        while True:
            try:
                url = queue.get_nowait()
            except Empty:
                return
            download(folder, url)

    threads = [threading.Thread(target=work) for _ in range(QUEUE_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def pool(urls: Urls, folder: Path) -> None:
    """``Pool(15).map``."""
    with Pool(POOL_PROCESSES) as processes:
        processes.map(partial(download, folder), urls)


def executor(urls: Urls, folder: Path) -> None:
    """``ThreadPoolExecutor.map``."""
    with ThreadPoolExecutor(EXECUTOR_THREADS) as threads:
        list(threads.map(partial(download, folder), urls))


WAYS: dict[str, Callable[[Urls, Path], None]] = {
    "sequential": sequential,
    "queue": queued,
    "pool": pool,
    "executor": executor,
}


def main(way: str, urls: str, folder: str) -> None:
    """Download what a file lists."""
    WAYS[way](Path(urls).read_text().split(), Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
