"""What a reply needs to know of the database, by statements that are written out.

Django would build each of them anew, for ten times as long as the database takes: a 304 would cost
three times as much.
"""

from collections.abc import Collection
from typing import Any

from django.db import connections, router

from ..models import Document

Found = tuple[int, int, str]
"""A document's key, its number, and the hash of its bytes."""
Census = tuple[tuple[str, int, int], ...]
"""Of each kind of documents, how many there are, and the last one's key.

Keys are never used twice, so these stand for the very set of documents.
"""
_DOCUMENT = "FROM sprites_document WHERE number > 0 AND resource = %s"


def document(resource: str, name: str) -> Found | None:
    """Return a document by its number or its name; of those that share a name, the first."""
    column = "number" if name.isdecimal() else "name"
    where = f"{_DOCUMENT} AND {column} = %s ORDER BY number LIMIT 1"
    rows: list[Found] = _all(
        f"SELECT id, number, sha256 {where}", resource, int(name) if name.isdecimal() else name
    )
    return rows[0] if rows else None


def packed(pk: int) -> bytes:
    """Return the bytes of a document; raises DoesNotExist where it has just gone."""
    for (found,) in _all("SELECT packed FROM sprites_document WHERE id = %s", pk):
        return bytes(found)
    raise Document.DoesNotExist(pk)


def listed(resource: str) -> bytes | None:
    """Return upstream's list of a kind of resource, packed, or None where none is kept."""
    where = "WHERE number = 0 AND resource = %s"
    rows = _all(f"SELECT packed FROM sprites_document {where}", resource)
    return bytes(rows[0][0]) if rows else None


def lists() -> set[str]:
    """Return the kinds of resources of which upstream's list is kept."""
    return {row[0] for row in _all("SELECT resource FROM sprites_document WHERE number = 0")}


def census() -> Census:
    """Return which documents are here, in short."""
    return tuple(
        _all(
            "SELECT resource, COUNT(*), MAX(id) FROM sprites_document WHERE number > 0"
            " GROUP BY resource ORDER BY resource"
        )
    )


def page(resource: str, limit: int, offset: int) -> list[tuple[int, str]]:
    """Return the numbers and names of some documents of a kind."""
    where = f"{_DOCUMENT} ORDER BY number LIMIT %s OFFSET %s"
    return _all(f"SELECT number, name {where}", resource, limit, offset)


def between(resource: str, first: int, last: int) -> set[int]:
    """Return the numbers of the documents of a kind from one number to another."""
    where = f"{_DOCUMENT} AND number BETWEEN %s AND %s"
    return {row[0] for row in _all(f"SELECT number {where}", resource, first, last)}


def among(wanted: Collection[tuple[str, int]]) -> set[tuple[str, int]]:
    """Return those of some resources whose documents are here."""
    numbers: dict[str, list[int]] = {}
    for resource, number in wanted:
        numbers.setdefault(resource, []).append(number)
    return {
        (resource, row[0])
        for resource, some in numbers.items()
        for row in _all(
            f"SELECT number {_DOCUMENT} AND number IN ({', '.join(['%s'] * len(some))})",
            resource,
            *some,
        )
    }


def paths(pokemon: int) -> list[str]:
    """Return the paths of a Pokémon's sprites that are stored, in an order of their own."""
    where = "WHERE pokemon_id = %s AND file <> '' AND path <> ''"
    return sorted(row[0] for row in _all(f"SELECT path FROM sprites_sprite {where}", pokemon))


def _all(statement: str, *values: str | int) -> list[Any]:
    with connections[router.db_for_read(Document)].cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
