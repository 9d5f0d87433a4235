"""Does work with the database once more, over a new connection, where the first one broke.

Only what a row holds can be a row's fault (IntegrityError, DataError). Whatever else a database
says, that it is gone, locked, full, read-only or damaged, it says of itself.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    connections,
    router,
)

from ..errors import DatabaseGoneError
from ..models import Sprite

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


def reconnecting(work: Callable[P, T]) -> Callable[P, T]:
    """Let work that may be done twice survive a connection that breaks, or a lock that passes.

    Raises DatabaseGoneError where the second time fails, too, and IntegrityError or DataError where
    the work is about a row that can't be.
    """

    @wraps(work)
    def done(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return work(*args, **kwargs)
        except (IntegrityError, DataError):
            raise
        except (DatabaseError, InterfaceError) as error:
            logger.warning("the database failed, one more try: %s", _line(error))
        with suppress(DatabaseError, InterfaceError):
            connections[router.db_for_write(Sprite)].close()
        try:
            return work(*args, **kwargs)
        except (IntegrityError, DataError):
            raise
        except (DatabaseError, InterfaceError) as error:
            raise gone(error) from None

    return done


def gone(error: Exception) -> DatabaseGoneError:
    """Return what a database says of itself as the reason why a run can't go on."""
    return DatabaseGoneError(f"the database is gone, locked or damaged: {_line(error)}")


def _line(error: Exception) -> str:
    """Return an error's text on one line; a server's may have several."""
    return " ".join(str(error).split())
