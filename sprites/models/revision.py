"""Which state the rows are in: a mark that changes with every write of a row that visitors see.

Every way that Django has to write such a row sets it, in the same transaction. What is written past
Django, by SQL of your own, is followed by ``revise``.
"""

import secrets
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.db import connections, models, router
from django.db.models import QuerySet
from django.db.models.constants import OnConflict
from django.db.transaction import atomic

M = TypeVar("M", bound=models.Model)

_SLOTS = 64


class Revision(models.Model):
    """The mark of the last write by one of the threads that write.

    Each has a row of its own, so that no transaction waits for another, and all rows together tell
    the state. Marks are random: a backup that is restored has the marks of its own rows.
    """

    slot = models.PositiveSmallIntegerField(primary_key=True)
    mark = models.PositiveBigIntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.slot}: {self.mark}"


def revise(using: str) -> None:
    """Tell, in the transaction that has written rows, that they are not what they were."""
    connection, quote = connections[using], connections[using].ops.quote_name
    fields: list[Any] = list(Revision._meta.concrete_fields)
    update = connection.ops.on_conflict_suffix_sql(fields, OnConflict.UPDATE, ["mark"], ["slot"])
    table, names = quote(Revision._meta.db_table), ", ".join(quote(f.column) for f in fields)
    mark = [threading.get_native_id() % _SLOTS, secrets.randbits(48)]
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({names}) VALUES (%s, %s) {update}", mark)


def saved(using: str, **_signal: object) -> None:
    """Receive ``post_save``."""
    revise(using)


def _revising(write: Callable[..., Any]) -> Callable[..., Any]:
    """Tell of a write that returns rows, a number of them, or that number and more."""

    @wraps(write)  # with what Django has noted on the method
    def revising(self: "RevisedQuerySet[Any]", *args: Any, **kwargs: Any) -> Any:
        self._for_write = True  # type: ignore[attr-defined]  # as Django's own methods do
        with atomic(self.db, savepoint=False):
            written = write(self, *args, **kwargs)
            if written[0] if isinstance(written, tuple) else written:
                revise(self.db)
        return written

    return revising


class RevisedQuerySet(QuerySet[M]):
    """A queryset of rows that visitors see."""

    bulk_create = _revising(QuerySet.bulk_create)
    update = _revising(QuerySet.update)
    delete = _revising(QuerySet.delete)


class Revised(models.Model):
    """A row that visitors see; ``post_save`` tells when it is saved.

    There is no receiver of ``post_delete``: with one Django deletes a whole table row by row.
    """

    class Meta:
        abstract = True

    def delete(self, using: str | None = None, keep_parents: bool = False) -> Any:
        """Delete the row and what belongs to it."""
        alias = using or router.db_for_write(type(self), instance=self)
        with atomic(alias, savepoint=False):
            deleted = super().delete(alias, keep_parents)
            revise(alias)
        return deleted
