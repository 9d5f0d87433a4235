"""The rows of entries: for each a mapping of columns to values, as a statement takes it.

A batch's rows have the same columns. What a row leaves out is kept: a sprite that fails or goes
missing keeps its last good file.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache

from ..keys import facets, path_of
from ..models import Sprite
from ..models.pokemon import STATS
from ..models.species import folded
from ..worker.records import Kind, PokemonRecord, SpeciesRecord
from .entries import DocumentEntry, JsonEntry, SpriteEntry, Verdict
from .known import Known
from .statements import Row

SPRITE_KEY = ("pokemon", "key")
_STATES = {
    Verdict.STORED: Sprite.State.STORED.value,
    Verdict.UNCHANGED: Sprite.State.STORED.value,
    Verdict.MISSING: Sprite.State.MISSING.value,
    Verdict.FAILED: Sprite.State.FAILED.value,
}


def pokemon_facts(record: PokemonRecord) -> Row:
    """Return the columns of a Pokémon that its JSON has."""
    stats = dict(record.stats)
    return {
        "name": record.name,
        "species": record.species,
        "number": record.number,
        "form": record.form,
        "order": record.order,
        "height": record.height,
        "weight": record.weight,
        "base_experience": record.base_experience,
        "is_default": record.is_default,
        **{name: stats.get(name) for name in STATS},
    }


def pokemon_row(record: PokemonRecord, generation: int | None, synced_at: datetime | None) -> Row:
    """Return a Pokémon's row; its generation counts only where the row is new."""
    return {
        "id": record.id,
        **pokemon_facts(record),
        "sprites_listed": sum(listing.url != "" for listing in record.listings),
        "etag": record.etag if synced_at else "",
        "synced_at": synced_at,
        "generation": generation,
    }


def species_row(record: SpeciesRecord, synced_at: datetime) -> Row:
    """Return a species' row."""
    return {
        "id": record.id,
        "name": record.name,
        "folded": folded(name.name for name in record.names),
        "etag": record.etag,
        "synced_at": synced_at,
    }


def synced_row(pk: int, entry: JsonEntry, now: datetime) -> Row:
    """Return what is new of a Pokémon or a species whose JSON is unchanged."""
    return {"synced_at": now, "etag": entry.etag, "id": pk}


def name_rows(record: SpeciesRecord) -> Iterator[Row]:
    """Yield the row of each of a species' names."""
    for name in record.names:
        yield {"species": record.id, **name._asdict()}


def has_changed(record: PokemonRecord, known: Known) -> bool:
    """Tell whether a Pokémon's JSON says something else than its rows."""
    return (
        any(getattr(known.row, name) != fact for name, fact in pokemon_facts(record).items())
        or [item.id for item in record.types] != known.types
        or any(True for _ in listing_rows(record, known))
        or any(True for _ in unlisted_keys(record, known))
    )


def listing_rows(record: PokemonRecord, known: Known | None) -> Iterator[Row]:
    """Yield a row for each sprite that is new, is listed again or has another URL."""
    sprites = known.sprites if known else {}
    for listing in record.listings:
        old = sprites.get(listing.key)
        same = old is not None and old.url == listing.url
        if listing.code is None and not (old and same and old.listed):
            yield {
                **_identity(record.id, listing.key, listing.url),
                "listed": True,
                "missing_since": None,
                "etag": old.etag if old and same else "",
                "checked_at": old.checked_at if old and same else None,
            }


def unlisted_keys(record: PokemonRecord, known: Known | None) -> Iterator[str]:
    """Yield the keys of sprites that upstream listed once and does not any more."""
    listed = {listing.key for listing in record.listings}
    for key, sprite in (known.sprites if known else {}).items():
        if sprite.listed and key not in listed:
            yield key


def _identity(pokemon: int, key: str, url: str) -> Row:
    return {"pokemon": pokemon, "key": key, "url": url, "path": path_of(url), **_facets(key)}


@lru_cache(maxsize=1024)
def _facets(key: str) -> Mapping[str, object]:
    return facets(key)._asdict()


def sprite_row(entry: SpriteEntry, now: datetime) -> Row:
    """Return the row of a sprite; its columns depend on its verdict alone."""
    failure = entry.failure
    row = {
        **_identity(entry.pokemon, entry.key, entry.url),
        "state": _STATES[entry.verdict],
        "error_code": failure.code.value if failure else "",
        "error_detail": failure.detail if failure else "",
        "http_status": failure.status if failure else None,
        "attempts": entry.attempts,
        "checked_at": now,
    }
    if entry.verdict in (Verdict.STORED, Verdict.UNCHANGED):
        row |= {"etag": entry.etag, "missing_since": None}
    return row | _file(entry, now) if entry.verdict is Verdict.STORED else row


def checked_row(entry: SpriteEntry, now: datetime) -> Row:
    """Return what is new of a sprite whose row stands."""
    return {
        "attempts": entry.attempts,
        "etag": entry.etag,
        "checked_at": now,
        "pokemon": entry.pokemon,
        "key": entry.key,
    }


def document_key(entry: DocumentEntry) -> tuple[str, int, str]:
    """Return what tells one version of a document from all others."""
    return entry.resource, entry.number, entry.document.sha256


def document_row(entry: DocumentEntry, now: datetime) -> Row:
    """Return the row of a document; that of a Pokémon belongs to its row."""
    return {
        "resource": entry.resource,
        "number": entry.number,
        "name": entry.name,
        "pokemon": entry.number if entry.resource == Kind.POKEMON and entry.number else None,
        "sha256": entry.document.sha256,
        "changed_at": now,
        "packed": entry.document.gzip,
    }


def _file(entry: SpriteEntry, now: datetime) -> Row:
    found = entry.found
    assert found is not None
    return {
        "file": found.name,
        "sha256": found.sha256,
        "size": found.size,
        "media_type": found.facts.media_type,
        "width": found.facts.width,
        "height": found.facts.height,
        "frames": found.facts.frames,
        "changed_at": now,
    }
