"""Tuples in, one prepared INSERT … ON CONFLICT for all of them out, in each database's words."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connections, router
from django.db.models import DateTimeField, Model
from django.db.models.constants import OnConflict


def upsert(
    model: type[Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    unique: Sequence[str],
    update: Sequence[str],
) -> None:
    """Insert rows, or update some of their columns where they exist already.

    ``columns`` names the fields that the rows' values are for; what is left out gets its database
    default.
    """
    connection = connections[router.db_for_write(model)]
    quote = connection.ops.quote_name
    fields: list[Any] = [model._meta.get_field(name) for name in columns]
    names = {name: field.column for name, field in zip(columns, fields, strict=True)}
    suffix = connection.ops.on_conflict_suffix_sql(
        fields,
        OnConflict.UPDATE if update else OnConflict.IGNORE,
        [names[name] for name in update],
        [names[name] for name in unique],
    )
    sql = (
        f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(map(quote, names.values()))})"
        f" VALUES ({', '.join(['%s'] * len(fields))}) {suffix}"
    )
    dates = [number for number, field in enumerate(fields) if isinstance(field, DateTimeField)]
    values: list[Any] = []
    for row in rows:
        values.append(adapted := list(row))
        for number in dates:
            if row[number] is not None:
                adapted[number] = fields[number].get_db_prep_save(row[number], connection)
    if values:
        with connection.cursor() as cursor:
            cursor.executemany(sql, values)
