"""Step 1, one after another: one worker, and each sprite waits for the one before it."""

from collections.abc import Iterator
from pathlib import Path

from lesson import teach
from tasks import Done, fetch


def one_after_another(urls: list[str], folder: Path, workers: int) -> Iterator[Done]:
    """Yield each sprite as it is saved; more workers would change nothing here."""
    for url in urls:
        yield fetch(url, folder)


if __name__ == "__main__":
    teach(one_after_another)
