"""The key of a site that was given none: made once, and kept where its database is."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def kept_key(folder: Path) -> str:
    """Return the folder's key, which the first call makes; raises ImproperlyConfigured."""
    path = folder / "secret-key"
    try:
        if not path.exists():
            _make(path)
        if key := path.read_text("ascii").strip():
            return key
        why = f"{path} is empty"
    except (OSError, ValueError) as error:
        why = f"{path} can't be made or read: {error}"
    raise ImproperlyConfigured(f"SECRET_KEY is not set, and {why}")


def _make(path: Path) -> None:
    """Write a key that this user alone can read; of processes that begin at once, one does."""
    file, name = tempfile.mkstemp(prefix=".secret-key-", dir=path.parent)
    try:
        with open(file, "w") as new:
            new.write(secrets.token_urlsafe(50))
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)
