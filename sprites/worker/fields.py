"""One field of a JSON document in, its value out, or SpritesError with ``schema`` and its name."""

import re
from typing import Any, TypeVar

from ..errors import Code, SpritesError
from .records import Reference

MAX_SMALL = 2**15 - 1
"""The largest number that a small column of a database keeps."""
MAX_NAME, MAX_URL = 100, 500
"""Characters of a name and of a URL."""
MAX_ROWS = 20_000
"""Rows of a list, and of all its pages; upstream has 1,350 Pokémon, forms counted."""

_MAX_INT = 2**31 - 1
_MAX_LANGUAGES = 100
"""Texts of one kind; upstream has twelve of each at most."""
_TAG = re.compile(r"[a-z]{2,8}(-[a-z0-9]{1,8}){0,2}")
_NOTHING = object()

Document = dict[str, Any]
T = TypeVar("T")


def identifier(url: str) -> int | None:
    """Return the id that a resource's URL ends with; the rest of the URL is never followed."""
    if len(url) > MAX_URL:
        return None
    path = url.partition("#")[0].partition("?")[0]
    last = path.rstrip("/").rpartition("/")[2]
    return int(last) if last.isascii() and last.isdecimal() and 0 < len(last) < 10 else None


def get(document: Document, name: str, kind: type[T]) -> T:
    """Return the value of a field; raises SpritesError where it is missing or of another type."""
    value = document.get(name, _NOTHING)
    if value is _NOTHING:
        raise SpritesError(Code.SCHEMA, f"{name} is missing")
    if type(value) is not kind:  # JSON has no subclasses, and true is no number
        raise schema(name, value)
    return value


def schema(name: str, value: object) -> SpritesError:
    """Return the error of a field that has a value like this."""
    if isinstance(value, (dict, list)):
        return SpritesError(Code.SCHEMA, f"{name} is of the type {type(value).__name__}")
    shown = value[:60] if isinstance(value, str) else value
    return SpritesError(Code.SCHEMA, f"{name} is {ascii(shown)[:60]}")


def integer(document: Document, name: str, maximum: int = _MAX_INT) -> int:
    """Read a number from 0."""
    value = get(document, name, int)
    if not 0 <= value <= maximum:
        raise schema(name, value)
    return value


def optional_integer(document: Document, name: str, minimum: int = 0) -> int | None:
    """Read a number that may be null or missing; upstream's ``order`` may be -1."""
    value = document.get(name)
    if value is not None and (type(value) is not int or not minimum <= value <= _MAX_INT):
        raise schema(name, value)
    return value


def text(document: Document, name: str) -> str:
    """Read a short text on one line."""
    value = get(document, name, str)
    if not 0 < len(value) <= MAX_NAME or not value.isprintable():
        raise schema(name, value)
    return value


def rows(document: Document, name: str, maximum: int = MAX_ROWS) -> list[Document]:
    """Read a list of objects, of so many at the most."""
    found = get(document, name, list)
    if not all(isinstance(row, dict) for row in found):
        raise schema(name, found)
    if len(found) > maximum:
        raise SpritesError(Code.SCHEMA, f"{name} has over {maximum} rows")
    return found


def by_language(document: Document, name: str, field: str) -> dict[str, str]:
    """Read texts that are given in several languages: the first of each, by its tag in lower case.

    A text that no page could show well is left out: one that is empty, too long, or has characters
    that control how others are shown.
    """
    found: dict[str, str] = {}
    for row in rows(document, name, _MAX_LANGUAGES):
        tag = get(get(row, "language", dict), "name", str).lower()
        value = get(row, field, str).strip()
        if _TAG.fullmatch(tag) and 0 < len(value) <= MAX_NAME and value.isprintable():
            found.setdefault(tag, value)
    return found


def references(document: Document, name: str) -> tuple[Reference, ...]:
    """Read a list of references to other resources."""
    return tuple(_as_reference(row, name) for row in rows(document, name))


def reference(document: Document, name: str) -> Reference:
    """Read a reference to another resource."""
    return _as_reference(get(document, name, dict), name)


def _as_reference(value: Document, name: str) -> Reference:
    """Read ``{"name", "url"}``; the id is in the URL."""
    url = value.get("url")
    found = identifier(url) if isinstance(url, str) else None
    if found is None:
        raise schema(f"{name}.url", url)
    return Reference(found, text(value, "name"))
