"""Step 2, threads: workers take URLs from one queue until there is none left."""

from pathlib import Path
from queue import Queue
from threading import Thread

from lesson import teach
from tasks import Done, fetch


def threads_on_a_queue(urls: list[str], folder: Path, workers: int) -> list[Done]:
    """Start the workers, wait for all of them, and return what they did."""
    todo: Queue[str | None] = Queue()
    done: list[Done] = []
    threads = [Thread(target=work, args=(todo, folder, done)) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for url in urls:
        todo.put(url)
    for _ in threads:
        todo.put(None)  # go home: one for each
    for thread in threads:
        thread.join()
    return done


def work(todo: "Queue[str | None]", folder: Path, done: list[Done]) -> None:
    """Be a worker."""
    for url in iter(todo.get, None):
        done.append(fetch(url, folder))


if __name__ == "__main__":
    teach(threads_on_a_queue)
