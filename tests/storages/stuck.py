"""A storage on which one sprite never ends, and the next one meets a full disk."""

import errno
import threading
from typing import Any

from django.core.files.storage import InMemoryStorage

BEGUN, RELEASED = threading.Event(), threading.Event()


class Stuck(InMemoryStorage):
    """Keeps the first Pokémon's sprites waiting, and has no room for the second's."""

    def _save(self, name: str, content: Any) -> str:
        if name.startswith("sprites/1/"):
            BEGUN.set()
            RELEASED.wait(30)
        elif name.startswith("sprites/2/"):
            BEGUN.wait(30)
            raise OSError(errno.ENOSPC, "No space left on device")
        saved: str = super()._save(name, content)  # type: ignore[misc]  # not in the stubs
        return saved
