"""Tuples in, one prepared INSERT … ON CONFLICT for all of them out, in each database's words."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from django.db import connections, router
from django.db.models import DateTimeField, Model
from django.db.models.constants import OnConflict

Row = Sequence[object]


def upsert(
    model: type[Model],
    columns: Sequence[str],
    rows: Iterable[Row],
    *,
    unique: Sequence[str],
    update: Sequence[str],
) -> None:
    """Insert rows, or update some of their columns where they exist already.

    ``columns`` names the fields that the rows' values are for; what is left out gets its database
    default.
    """
    connection = connections[router.db_for_write(model)]
    fields: list[Any] = [model._meta.get_field(name) for name in columns]
    values = list(_adapted(fields, rows, connection))
    if values:
        with connection.cursor() as cursor:
            cursor.executemany(_statement(model, fields, unique, update, connection), values)


def _adapted(fields: Sequence[Any], rows: Iterable[Row], connection: Any) -> Iterable[Any]:
    """Yield rows as a database takes them: of what we write, only dates differ between them.

    Converting one costs as much as all the rest of a row, and the rows of a batch share it.
    """
    dates = [number for number, field in enumerate(fields) if isinstance(field, DateTimeField)]
    prepare = lru_cache(maxsize=8)(
        lambda number, date: date and fields[number].get_db_prep_save(date, connection)
    )
    for row in rows:
        values = list(row)
        for number in dates:
            values[number] = prepare(number, values[number])
        yield values


def _statement(
    model: type[Model],
    fields: Sequence[Any],
    unique: Sequence[str],
    update: Sequence[str],
    connection: Any,
) -> str:
    quote = connection.ops.quote_name
    column = {field.name: field.column for field in fields}
    suffix = connection.ops.on_conflict_suffix_sql(
        fields,
        OnConflict.UPDATE,
        [column[name] for name in update],
        [column[name] for name in unique],
    )
    table, names = quote(model._meta.db_table), ", ".join(map(quote, column.values()))
    places = ", ".join(["%s"] * len(column))
    return f"INSERT INTO {table} ({names}) VALUES ({places}) {suffix}"
