"""Storages that do as they like."""

import errno
import os
import time
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from django.core.files.storage import FileSystemStorage


class Renaming(FileSystemStorage):
    """A storage that gives every sprite another name than it is asked for."""

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """Return the name with a word of its own in it."""
        path = PurePosixPath(name)
        if path.suffix == ".probe":
            return name
        return str(path.with_name(f"{path.stem}-renamed{path.suffix}"))


class Limited(FileSystemStorage):
    """A storage whose owner's quota is used up after some files; ``room`` says after how many."""

    def __init__(self, room: int, error: int = errno.EDQUOT, **options: Any) -> None:
        super().__init__(**options)
        self._room, self._error = room, error

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        """Take a file, or raise where there is no room."""
        self._room -= 1
        if self._room < 0:
            raise OSError(self._error, os.strerror(self._error), name)
        return super().save(name, content, max_length)


class Watched(FileSystemStorage):
    """A storage that is slow to list its folders, and tells which one it is about to list."""

    seconds = 0.0
    on_list: Callable[[str], None] = staticmethod(lambda path: None)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """List a folder, after its time."""
        Watched.on_list(path)
        time.sleep(Watched.seconds)
        return super().listdir(path)
