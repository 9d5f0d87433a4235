"""A site's own functions, found by their dotted paths, in the parent and in workers."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.utils.module_loading import import_string

from .errors import UsageError, plain


@lru_cache(maxsize=64)
def load(option: str, path: str) -> Callable[..., Any]:
    """Return the function that an option of SPRITES names; raises UsageError."""
    try:
        found = import_string(path)
    except (Exception, SystemExit) as error:  # the module is somebody else's
        detail = plain(f"{type(error).__name__}: {error}")
        raise UsageError(f"{option} {path!r} can't be imported: {detail}") from None
    if not callable(found):
        raise UsageError(f"{option} {path!r} is no function: it can't be called")
    function: Callable[..., Any] = found
    return function
