"""Records made into the tuples that are upserted, and which columns an upsert of a kind touches."""

from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter

from ..keys import facets, is_valid
from ..models import Sprite
from ..worker.records import Failure, PokemonRecord, SpriteJob, StoredFile, StoredSprite
from .known import Known

_RECORD = (
    *("name", "species", "number", "form", "order", "height", "weight", "base_experience"),
    "is_default",
)
_STATS = ("hp", "attack", "defense", "special_attack", "special_defense", "speed")
_record_values = attrgetter(*_RECORD)

POKEMON_UPDATED = (*_RECORD, *_STATS, "sprites_listed", "etag", "synced_at")
POKEMON_COLUMNS = ("id", *POKEMON_UPDATED, "generation")
LISTING_UPDATED = ("url", "listed", "missing_since", "etag", "checked_at")
SPRITE_KEY = ("pokemon", "key")
_FACETS = ("set", "generation", "facing", "variant", "shiny", "female", "animated")
_IDENTITY = (*SPRITE_KEY, "url", *_FACETS)
LISTING_COLUMNS = (*_IDENTITY, "listed", "missing_since", "etag", "checked_at")

Row = tuple[object, ...]


class Verdict(StrEnum):
    """How a wanted sprite stands at the end of a run; a count of the report each."""

    STORED = "stored"
    UNCHANGED = "unchanged"
    MISSING = "missing"
    FAILED = "failed"


@dataclass(slots=True)
class Entry:
    """A sprite whose fate is known, to be written and then counted.

    ``old_file`` is the name of the file that its row points to until then.
    """

    pokemon: int
    key: str
    url: str
    verdict: Verdict
    attempts: int
    failure: Failure | None = None
    found: StoredSprite | None = None
    etag: str = ""
    old_file: str = ""
    repaired: bool = False
    is_written: bool = False

    @property
    def has_row(self) -> bool:
        """Tell whether its key can be a row's; the failure of one that can't is only reported."""
        return is_valid(self.key)

    @property
    def new_file(self) -> str:
        """Return the name of a file that no row points to yet, or ""."""
        return self.found.name if self.found and self.found.name != self.old_file else ""


def pokemon_row(record: PokemonRecord, generation: int | None, synced_at: datetime | None) -> Row:
    """Return a Pokémon's row; its generation counts only where the row is new."""
    stats = dict(record.stats)
    etag = record.etag if synced_at else ""
    values = (*_record_values(record), *(stats.get(name) for name in _STATS))
    listed = sum(listing.url != "" for listing in record.listings)
    return (record.id, *values, listed, etag, synced_at, generation)


def pokemon_verdict(record: PokemonRecord, known: Known | None) -> str:
    """Name what a record means for its row: ``new``, ``changed`` or ``unchanged``."""
    if known is None:
        return "new"
    return "changed" if _has_changed(record, known) else "unchanged"


def _has_changed(record: PokemonRecord, known: Known) -> bool:
    stats = dict(record.stats)
    return (
        _record_values(record) != _record_values(known.row)
        or any(getattr(known.row, name) != stats.get(name) for name in _STATS)
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
            identity = _identity(record.id, listing.key, listing.url)
            checked: Row = (old.etag, old.checked_at) if old and same else ("", None)
            yield (*identity, True, None, *checked)


def unlisted_keys(record: PokemonRecord, known: Known | None) -> Iterator[str]:
    """Yield the keys of sprites that upstream listed once and does not any more."""
    listed = {listing.key for listing in record.listings}
    for key, sprite in (known.sprites if known else {}).items():
        if sprite.listed and key not in listed:
            yield key


def dropped(record: PokemonRecord, known: Known | None) -> int:
    """Count the stored sprites that upstream's JSON does not list any more."""
    if known is None:
        return 0
    return sum(known.sprites[key].file != "" for key in unlisted_keys(record, known))


def _identity(pokemon: int, key: str, url: str) -> Row:
    return (pokemon, key, url, *_facets(key))


@lru_cache(maxsize=1024)
def _facets(key: str) -> Row:
    return astuple(facets(key))


def stored(job: SpriteJob, found: StoredSprite, attempts: int) -> Entry:
    """Return the entry of a sprite whose bytes are new here."""
    old = job.stored
    return Entry(
        *(job.pokemon, job.key, job.url),
        verdict=Verdict.STORED,
        attempts=attempts,
        found=found,
        etag=found.etag,
        old_file=old.name if old else "",
        repaired=old is not None and _was_damaged(job, old, found),
    )


def _was_damaged(job: SpriteJob, old: StoredFile, found: StoredSprite) -> bool:
    """Tell whether the file that was replaced was not what its row said."""
    return job.verify or old.intact is False or old.sha256 == found.sha256


def unchanged(job: SpriteJob, etag: str, attempts: int) -> Entry:
    """Return the entry of a sprite whose bytes upstream has as we have them."""
    return Entry(job.pokemon, job.key, job.url, Verdict.UNCHANGED, attempts, etag=etag)


_STATES = {
    Verdict.STORED: Sprite.State.STORED.value,
    Verdict.UNCHANGED: Sprite.State.STORED.value,
    Verdict.MISSING: Sprite.State.MISSING.value,
    Verdict.FAILED: Sprite.State.FAILED.value,
}
_OUTCOME = ("state", "error_code", "error_detail", "http_status", "attempts", "checked_at")
_UNCHANGED = (*_OUTCOME, "etag", "missing_since")
_FILE = ("file", "sha256", "size", "media_type", "width", "height", "frames", "changed_at")


def _outcome(entry: Entry, now: datetime) -> Row:
    failure = entry.failure
    why: Row = (failure.code.value, failure.detail, failure.status) if failure else ("", "", None)
    identity = _identity(entry.pokemon, entry.key, entry.url)
    return (*identity, _STATES[entry.verdict], *why, entry.attempts, now)


def _unchanged(entry: Entry, now: datetime) -> Row:
    return (*_outcome(entry, now), entry.etag, None)


def _stored(entry: Entry, now: datetime) -> Row:
    found = entry.found
    assert found is not None
    facts = found.facts
    size = (found.size, facts.media_type, facts.width, facts.height, facts.frames)
    return (*_unchanged(entry, now), found.name, found.sha256, *size, now)


@dataclass(frozen=True, slots=True)
class Shape:
    """What an upsert of entries of one verdict touches, and how their rows are made."""

    updated: tuple[str, ...]
    row: Callable[[Entry, datetime], Row]

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns of the rows, those of a new sprite's identity first."""
        return (*_IDENTITY, *self.updated)


SHAPES = {
    Verdict.STORED: Shape((*_UNCHANGED, *_FILE), _stored),
    Verdict.UNCHANGED: Shape(_UNCHANGED, _unchanged),
    Verdict.MISSING: Shape(_OUTCOME, _outcome),
    Verdict.FAILED: Shape(_OUTCOME, _outcome),
}
"""What is not touched is kept: a sprite that fails or goes missing keeps its last good file."""
