"""Records made into rows, and which of their columns an upsert of each kind may touch."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from operator import attrgetter

from ..keys import facets, is_valid
from ..models import Pokemon, Sprite
from .known import Known
from .records import Failure, PokemonRecord, SpriteJob, StoredSprite

_RECORD = (
    *("name", "species", "number", "form", "order", "height", "weight", "base_experience"),
    "is_default",
)
_STATS = ("hp", "attack", "defense", "special_attack", "special_defense", "speed")
POKEMON_COLUMNS = [*_RECORD, *_STATS, "etag", "synced_at"]
LISTING_COLUMNS = ["url", "listed", "missing_since", "etag", "checked_at"]


class Verdict(StrEnum):
    """How a wanted sprite stands at the end of a run; a count of the report each."""

    STORED = "stored"
    UNCHANGED = "unchanged"
    MISSING = "missing"
    FAILED = "failed"


_OUTCOME = ["state", "error_code", "error_detail", "http_status", "attempts", "checked_at"]
_UNCHANGED = [*_OUTCOME, "etag", "missing_since"]
_FILE = ["file", "sha256", "size", "media_type", "width", "height", "frames", "changed_at"]
OUTCOME_COLUMNS = {
    Verdict.STORED: [*_UNCHANGED, *_FILE],
    Verdict.UNCHANGED: _UNCHANGED,
    Verdict.MISSING: _OUTCOME,
    Verdict.FAILED: _OUTCOME,
}
"""What is not listed is kept: a sprite that fails or goes missing keeps its last good file."""


@dataclass(slots=True)
class Entry:
    """A sprite's row to be written, with what the report says of it once it is."""

    row: Sprite
    verdict: Verdict
    failure: Failure | None = None
    old_file: str = ""
    repaired: bool = False
    is_written: bool = False

    @property
    def has_row(self) -> bool:
        """Tell whether its key can be a row's; the failure of one that can't is only reported."""
        return is_valid(self.row.key)

    @property
    def new_file(self) -> str:
        """Return the name of a file that no row points to yet, or ""."""
        name = self.row.file.name or ""
        return "" if name == self.old_file else name


def pokemon_row(
    record: PokemonRecord, generation: int | None, synced_at: datetime | None
) -> Pokemon:
    """Return a Pokémon's row; its generation counts only where the row is new."""
    values = {name: getattr(record, name) for name in (*_RECORD, "id")}
    etag = record.etag if synced_at else ""
    stats = dict(record.stats)
    return Pokemon(**values, **stats, generation=generation, etag=etag, synced_at=synced_at)


def pokemon_verdict(record: PokemonRecord, known: Known | None) -> str:
    """Name what a record means for its row: ``new``, ``changed`` or ``unchanged``."""
    if known is None:
        return "new"
    return "changed" if _has_changed(record, known) else "unchanged"


def _has_changed(record: PokemonRecord, known: Known) -> bool:
    """Tell whether upstream's JSON differs from what the database has."""
    stats = dict.fromkeys(_STATS) | dict(record.stats)
    return (
        attrgetter(*_RECORD)(record) != attrgetter(*_RECORD)(known.row)
        or any(getattr(known.row, name) != value for name, value in stats.items())
        or [item.id for item in record.types] != known.types
        or any(True for _ in listing_rows(record, known))
        or any(True for _ in unlisted_keys(record, known))
    )


def listing_rows(record: PokemonRecord, known: Known | None) -> Iterator[Sprite]:
    """Yield a row for each sprite that is new, is listed again or has another URL."""
    sprites = known.sprites if known else {}
    for listing in record.listings:
        old = sprites.get(listing.key)
        same = old is not None and old.listed and old.url == listing.url
        if listing.code is None and not same:
            yield new_row(record.id, listing.key, listing.url)


def unlisted_keys(record: PokemonRecord, known: Known | None) -> Iterator[str]:
    """Yield the keys of sprites that upstream listed once and does not any more."""
    listed = {listing.key for listing in record.listings}
    for key, sprite in (known.sprites if known else {}).items():
        if sprite.listed and key not in listed:
            yield key


def new_row(pokemon: int, key: str, url: str) -> Sprite:
    """Return a pending row, its facets read from the key."""
    return Sprite(pokemon_id=pokemon, key=key, url=url, **asdict(facets(key)))


def stored(job: SpriteJob, found: StoredSprite, attempts: int, now: datetime) -> Entry:
    """Return the entry of a sprite whose bytes are new here."""
    row = _checked(job.pokemon, job.key, job.url, attempts, now)
    row.state, row.etag, row.changed_at = Sprite.State.STORED, found.etag, now
    row.file.name, row.sha256, row.size = found.name, found.sha256, found.size
    row.media_type, row.frames = found.facts.media_type, found.facts.frames
    row.width, row.height = found.facts.width, found.facts.height
    old = job.stored
    repaired = old is not None and (job.verify or not old.intact)
    return Entry(row, Verdict.STORED, None, old.name if old else "", repaired)


def unchanged(job: SpriteJob, etag: str, attempts: int, now: datetime) -> Entry:
    """Return the entry of a sprite whose bytes upstream has as we have them."""
    row = _checked(job.pokemon, job.key, job.url, attempts, now)
    row.state, row.etag = Sprite.State.STORED, etag
    return Entry(row, Verdict.UNCHANGED)


def unsuccessful(
    pokemon: int, key: str, url: str, failure: Failure, attempts: int, now: datetime, missing: bool
) -> Entry:
    """Return the entry of a sprite that is missing upstream or could not be had."""
    row = _checked(pokemon, key, url, attempts, now)
    row.state = Sprite.State.MISSING if missing else Sprite.State.FAILED
    row.http_status = failure.status
    row.error_code, row.error_detail = failure.code, failure.detail
    return Entry(row, Verdict.MISSING if missing else Verdict.FAILED, failure)


def _checked(pokemon: int, key: str, url: str, attempts: int, now: datetime) -> Sprite:
    row = new_row(pokemon, key, url)
    row.attempts, row.checked_at = attempts, now
    return row
