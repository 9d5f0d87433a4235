"""The bytes of a PokéAPI resource in, a ListPage, a Group or a PokemonRecord out.

Any bytes at all end in a record, or in SpritesError with ``bad_json``, or with ``schema`` and the
name of the field.
"""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ..errors import Code, SpritesError, without_user
from ..keys import MAX_LENGTH, is_valid
from .records import Group, Kind, Listing, ListPage, PokemonRecord, Reference, Result

UPSTREAM = "https://pokeapi.co/api/v2/"
STATS = ("hp", "attack", "defense", "special-attack", "special-defense", "speed")

_MAX_INT, _MAX_SMALL = 2**31 - 1, 2**15 - 1
"""What a database keeps of a whole number, and of a small one."""
_MAX_NAME = 100
_MAX_URL = 500
_MAX_DEPTH = 12
_MAX_ROWS = 20_000
"""Rows of a list, and of all its pages; upstream has 1,350 Pokémon, forms counted."""
_MAX_FACTS = 100
"""Types, and stats, of one Pokémon; upstream's have two and six."""
_MAX_SLOTS = 1000
"""Sprites of one Pokémon; upstream's have 119 at most."""
_NOTHING = object()

Document = dict[str, Any]
T = TypeVar("T")


def parse(kind: Kind, body: bytes, etag: str = "") -> Result:
    """Read the body of a resource of a kind; raises SpritesError."""
    document = _load(body)
    if kind is Kind.LIST:
        return _page(document)
    if kind is Kind.GENERATION:
        species = _references(document, "pokemon_species")
        return Group(_int(document, "id", _MAX_SMALL), species, _name(document))
    if kind is Kind.TYPE:
        members = tuple(_reference(row, "pokemon") for row in _rows(document, "pokemon"))
        return Group(_int(document, "id"), members, _name(document))
    return _pokemon(document, etag)


def _load(body: bytes) -> Document:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise SpritesError(Code.BAD_JSON, f"not JSON: {str(error)[:120]}") from None
    if not isinstance(document, dict):
        raise SpritesError(Code.SCHEMA, "the document is no object")
    return document


def _page(document: Document) -> ListPage:
    following = document.get("next")
    if isinstance(following, str) and len(following) > _MAX_URL:
        raise _schema("next", following)
    return ListPage(
        count=_int(document, "count", _MAX_ROWS),
        rows=_references(document, "results"),
        next=following if isinstance(following, str) else "",
    )


def _pokemon(document: Document, etag: str) -> PokemonRecord:
    species = _reference(document, "species")
    name = _text(document, "name")
    return PokemonRecord(
        id=_int(document, "id"),
        name=name,
        species=species.name,
        number=species.id,
        form=name.removeprefix(species.name + "-") if name != species.name else "",
        order=_optional_int(document, "order", minimum=-1),
        height=_int(document, "height"),
        weight=_int(document, "weight"),
        base_experience=_optional_int(document, "base_experience"),
        is_default=_get(document, "is_default", bool),
        types=_types(document),
        stats=tuple(_stats(document)),
        listings=_listings(document),
        etag=etag,
    )


def _types(document: Document) -> tuple[Reference, ...]:
    """Return the types in the order of their slots."""
    rows = _rows(document, "types", _MAX_FACTS)
    slots = {_int(row, "slot", _MAX_SMALL): _reference(row, "type") for row in rows}
    return tuple(slots[number] for number in sorted(slots))


def _stats(document: Document) -> Iterator[tuple[str, int]]:
    """Yield the six base stats as fields and values; any other stat is left out."""
    for row in _rows(document, "stats", _MAX_FACTS):
        name = _reference(row, "stat").name
        if name in STATS:
            yield name.replace("-", "_"), _int(row, "base_stat")


def _listings(document: Document) -> tuple[Listing, ...]:
    found = tuple(islice(_walk(_get(document, "sprites", dict)), _MAX_SLOTS + 1))
    if len(found) > _MAX_SLOTS:
        raise SpritesError(Code.SCHEMA, f"sprites has over {_MAX_SLOTS} slots")
    return found


def _walk(node: Document, folder: str = "", depth: int = 1) -> Iterator[Listing]:
    """Yield what each slot holds, at any depth; an empty slot yields nothing."""
    for name, value in node.items():
        key = folder + name.replace("/", "\\")  # one name is one folder: with a backslash none
        # A long name would be copied into each key below it.
        if isinstance(value, dict) and depth < _MAX_DEPTH and len(key) <= MAX_LENGTH:
            yield from _walk(value, f"{key}/", depth + 1)
        elif value is not None:
            yield _listing(key, value)


def _listing(key: str, value: object) -> Listing:
    if not is_valid(key):
        head = key if len(key) <= MAX_LENGTH else f"{key[: MAX_LENGTH - 1]}…"  # no key of another
        shown = "".join(char if char.isprintable() else "?" for char in head)
        return Listing(shown, "", Code.SCHEMA, "the key can't be a file's name")
    if not isinstance(value, str):
        return Listing(key, "", Code.SCHEMA, f"{key} is no text but {type(value).__name__}")
    url = single_url(value)
    if len(url) > _MAX_URL or not url.isprintable():
        return Listing(key, "", Code.BAD_URL, "not a URL that could be asked for")
    if (bare := without_user(url)) != url:
        return Listing(key, bare, Code.URL_NOT_ALLOWED, "the URL names a user")
    return Listing(key, url)


def single_url(url: str) -> str:
    """Return the inner URL of a doubled one.

    Upstream has listed ``https://…/master/https://raw…`` three times (PokeAPI/sprites).
    """
    inner = max(url.rfind("http://"), url.rfind("https://"))
    return url[inner:] if inner > 0 and url.startswith(("http://", "https://")) else url


def identifier(url: str) -> int | None:
    """Return the id that a resource's URL ends with; the rest of the URL is never followed."""
    if len(url) > _MAX_URL:  # to take n characters apart may take n² steps
        return None
    try:
        last = urlsplit(url).path.rstrip("/").rpartition("/")[2]
    except ValueError:
        return None
    return int(last) if last.isascii() and last.isdecimal() and 0 < len(last) < 10 else None


def _get(document: Document, name: str, kind: type[T]) -> T:
    """Return the value of a field; raises SpritesError where it is missing or of another type."""
    value = document.get(name, _NOTHING)
    if value is _NOTHING:
        raise SpritesError(Code.SCHEMA, f"{name} is missing")
    if type(value) is not kind:  # JSON has no subclasses, and true is no number
        raise _schema(name, value)
    return value


def _schema(name: str, value: object) -> SpritesError:
    if isinstance(value, (dict, list)):
        return SpritesError(Code.SCHEMA, f"{name} is of the type {type(value).__name__}")
    shown = value[:60] if isinstance(value, str) else value
    return SpritesError(Code.SCHEMA, f"{name} is {ascii(shown)[:60]}")


def _int(document: Document, name: str, maximum: int = _MAX_INT) -> int:
    value = _get(document, name, int)
    if not 0 <= value <= maximum:
        raise _schema(name, value)
    return value


def _optional_int(document: Document, name: str, minimum: int = 0) -> int | None:
    """Read a number that may be null or missing; upstream's ``order`` may be -1."""
    value = document.get(name)
    if value is not None and (type(value) is not int or not minimum <= value <= _MAX_INT):
        raise _schema(name, value)
    return value


def _text(document: Document, name: str) -> str:
    value = _get(document, name, str)
    if not 0 < len(value) <= _MAX_NAME or not value.isprintable():
        raise _schema(name, value)
    return value


def _name(document: Document) -> str:
    """Return the name of a group, or "" where it has none that can be kept."""
    return _text(document, "name") if document.get("name") else ""


def _rows(document: Document, name: str, maximum: int = _MAX_ROWS) -> list[Document]:
    rows = _get(document, name, list)
    if not all(isinstance(row, dict) for row in rows):
        raise _schema(name, rows)
    if len(rows) > maximum:
        raise SpritesError(Code.SCHEMA, f"{name} has over {maximum} rows")
    return rows


def _references(document: Document, name: str) -> tuple[Reference, ...]:
    return tuple(_as_reference(row, name) for row in _rows(document, name))


def _reference(document: Document, name: str) -> Reference:
    return _as_reference(_get(document, name, dict), name)


def _as_reference(value: Document, name: str) -> Reference:
    """Read ``{"name", "url"}``; the id is in the URL."""
    url = value.get("url")
    found = identifier(url) if isinstance(url, str) else None
    if found is None:
        raise _schema(f"{name}.url", url)
    return Reference(found, _text(value, "name"))
