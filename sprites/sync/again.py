"""Work with the database, done once more over a new connection where the first one broke."""

import logging
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, InterfaceError, OperationalError, connections, router

from ..errors import DatabaseGoneError
from ..models import Sprite

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


def again(work: Callable[P, T]) -> Callable[P, T]:
    """Let work that may be done twice survive a connection that breaks, or a lock that passes.

    Raises DatabaseGoneError where the second time fails, too.
    """

    @wraps(work)
    def done(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return work(*args, **kwargs)
        except (OperationalError, InterfaceError) as error:
            logger.warning("the database failed, one more try: %s", _line(error))
        with suppress(DatabaseError, InterfaceError):
            connections[router.db_for_write(Sprite)].close()
        try:
            return work(*args, **kwargs)
        except (OperationalError, InterfaceError) as error:
            raise DatabaseGoneError(f"the database is gone or locked: {_line(error)}") from None

    return done


def _line(error: Exception) -> str:
    """Return an error's text on one line; a server's may have several."""
    return " ".join(str(error).split())
