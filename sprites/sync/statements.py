"""One prepared statement for many rows: INSERT … ON CONFLICT, in each database's words, and UPDATE.

``bulk_create(update_conflicts=True)`` would compile each batch anew: 100 µs of CPU a sprite's row,
which was most of a run's CPU; a prepared statement takes 8, and less where it only updates.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import chain
from typing import Any

from django.db import connections, router
from django.db.models import DateTimeField, Model
from django.db.models.constants import OnConflict

Row = dict[str, object]
"""The columns of a row, by their fields' names, and their values."""


def upsert(
    model: type[Model], rows: Iterable[Row], *, unique: Sequence[str], fixed: Collection[str] = ()
) -> None:
    """Insert rows that have the same columns, or update those that exist by ``unique``.

    Where a row exists its ``fixed`` columns are kept; what no row names gets its database default.
    """
    _execute(model, rows, partial(_insert, model, unique, fixed))


def update(model: type[Model], rows: Iterable[Row], *, by: Sequence[str]) -> None:
    """Update the rows that exist; each ends with the columns ``by``, by which it is found."""
    _execute(model, rows, partial(_update, model, len(by)))


def _execute(
    model: type[Model], rows: Iterable[Row], statement: Callable[[Sequence[Any], Any], str]
) -> None:
    """Execute for all rows the statement that is made of the fields of the first."""
    rest = iter(rows)
    first = next(rest, None)
    if first is None:
        return
    connection = connections[router.db_for_write(model)]
    fields: list[Any] = [model._meta.get_field(name) for name in first]
    values: list[Any] = list(_adapted(fields, chain([first], rest), connection))
    with connection.cursor() as cursor:
        cursor.executemany(statement(fields, connection), values)


def _adapted(fields: Sequence[Any], rows: Iterable[Row], connection: Any) -> Iterator[list[object]]:
    """Yield rows as a database takes them: of what we write, only dates differ between them.

    Converting one costs as much as all the rest of a row, and the rows of a batch share it.
    """
    dates = [number for number, field in enumerate(fields) if isinstance(field, DateTimeField)]
    prepare = lru_cache(maxsize=8)(
        lambda number, date: date and fields[number].get_db_prep_save(date, connection)
    )
    for row in rows:
        values = list(row.values())
        for number in dates:
            values[number] = prepare(number, values[number])
        yield values


def _insert(
    model: type[Model],
    unique: Sequence[str],
    fixed: Collection[str],
    fields: Sequence[Any],
    connection: Any,
) -> str:
    quote = connection.ops.quote_name
    column = {field.name: field.column for field in fields}
    updated = [column[name] for name in column if name not in unique and name not in fixed]
    suffix = connection.ops.on_conflict_suffix_sql(
        fields, OnConflict.UPDATE, updated, [column[name] for name in unique]
    )
    table, names = quote(model._meta.db_table), ", ".join(map(quote, column.values()))
    places = ", ".join(["%s"] * len(column))
    return f"INSERT INTO {table} ({names}) VALUES ({places}) {suffix}"


def _update(model: type[Model], by: int, fields: Sequence[Any], connection: Any) -> str:
    quote = connection.ops.quote_name
    places = [f"{quote(field.column)} = %s" for field in fields]
    columns, found = ", ".join(places[:-by]), " AND ".join(places[-by:])
    return f"UPDATE {quote(model._meta.db_table)} SET {columns} WHERE {found}"
