"""The bytes of a PokéAPI resource in, a ListPage, a Group, a PokemonRecord or a SpeciesRecord out.

Any bytes at all end in a record, or in SpritesError with ``bad_json``, or with ``schema`` and the
name of the field.
"""

import json
from collections.abc import Iterator
from itertools import islice

from msgspec import MsgspecError, Raw
from msgspec.json import Decoder

from ..errors import Code, SpritesError, without_user
from ..keys import MAX_LENGTH, is_valid
from . import fields
from .fields import Document
from .records import (
    Group,
    Kind,
    Listing,
    ListPage,
    PokemonRecord,
    Reference,
    Result,
    SpeciesName,
    SpeciesRecord,
)

UPSTREAM = "https://pokeapi.co/api/v2/"
STATS = ("hp", "attack", "defense", "special-attack", "special-defense", "speed")

_split = Decoder(dict[str, Raw]).decode
_LARGE = frozenset({"moves", "game_indices", "held_items", "flavor_text_entries"})
"""Nine tenths of a document, of which no record has anything."""
_MAX_DEPTH = 12
_MAX_FACTS = 100
"""Types, and stats, of one Pokémon; upstream's have two and six."""
_MAX_SLOTS = 1000
"""Sprites of one Pokémon; upstream's have 119 at most."""


def parse(kind: Kind, body: bytes, etag: str = "") -> Result:
    """Read the body of a resource of a kind; raises SpritesError."""
    document = _load(body)
    if kind is Kind.LIST:
        return _page(document)
    if kind is Kind.GENERATION:
        species = fields.references(document, "pokemon_species")
        return Group(fields.integer(document, "id", fields.MAX_SMALL), species, _name(document))
    if kind is Kind.TYPE:
        rows = fields.rows(document, "pokemon")
        members = tuple(fields.reference(row, "pokemon") for row in rows)
        return Group(fields.integer(document, "id"), members, _name(document))
    return (_species if kind is Kind.SPECIES else _pokemon)(document, etag)


def _load(body: bytes) -> Document:
    try:
        document = _without_large(body)
    except (ValueError, RecursionError) as error:
        raise SpritesError(Code.BAD_JSON, f"not JSON: {str(error)[:120]}") from None
    if not isinstance(document, dict):
        raise SpritesError(Code.SCHEMA, "the document is no object")
    return document


def _without_large(body: bytes) -> object:
    """Read JSON, but for its large fields: to skip one takes a tenth of the time."""
    try:
        values = _split(body.decode())
    except (MsgspecError, UnicodeDecodeError):  # it is stricter than json, whose word counts
        return json.loads(body)
    return {name: json.loads(bytes(values[name])) for name in values if name not in _LARGE}


def _page(document: Document) -> ListPage:
    following = document.get("next")
    if isinstance(following, str) and len(following) > fields.MAX_URL:
        raise fields.schema("next", following)
    return ListPage(
        total=fields.integer(document, "count", fields.MAX_ROWS),
        rows=fields.references(document, "results"),
        next=following if isinstance(following, str) else "",
    )


def _pokemon(document: Document, etag: str) -> PokemonRecord:
    species = fields.reference(document, "species")
    name = fields.text(document, "name")
    return PokemonRecord(
        id=fields.integer(document, "id"),
        name=name,
        species=species.name,
        number=species.id,
        form=name.removeprefix(species.name + "-") if name != species.name else "",
        order=fields.optional_integer(document, "order", minimum=-1),
        height=fields.integer(document, "height"),
        weight=fields.integer(document, "weight"),
        base_experience=fields.optional_integer(document, "base_experience"),
        is_default=fields.get(document, "is_default", bool),
        types=_types(document),
        stats=tuple(_stats(document)),
        listings=_listings(document),
        etag=etag,
    )


def _species(document: Document, etag: str) -> SpeciesRecord:
    names = fields.by_language(document, "names", "name")
    genera = fields.by_language(document, "genera", "genus")
    return SpeciesRecord(
        id=fields.integer(document, "id"),
        name=fields.text(document, "name"),
        names=tuple(SpeciesName(tag, name, genera.get(tag, "")) for tag, name in names.items()),
        etag=etag,
    )


def _types(document: Document) -> tuple[Reference, ...]:
    """Return the types in the order of their slots."""
    rows = fields.rows(document, "types", _MAX_FACTS)
    slots = {
        fields.integer(row, "slot", fields.MAX_SMALL): fields.reference(row, "type") for row in rows
    }
    return tuple(slots[number] for number in sorted(slots))


def _stats(document: Document) -> Iterator[tuple[str, int]]:
    """Yield the six base stats as fields and values; any other stat is left out."""
    for row in fields.rows(document, "stats", _MAX_FACTS):
        name = fields.reference(row, "stat").name
        if name in STATS:
            yield name.replace("-", "_"), fields.integer(row, "base_stat")


def _listings(document: Document) -> tuple[Listing, ...]:
    found = tuple(islice(_walk(fields.get(document, "sprites", dict)), _MAX_SLOTS + 1))
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
    if len(url) > fields.MAX_URL or not url.isprintable():
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


def _name(document: Document) -> str:
    """Return the name of a group, or "" where it has none that can be kept."""
    return fields.text(document, "name") if document.get("name") else ""
