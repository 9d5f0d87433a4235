"""Compares what a Pokémon's JSON lists with what the database has.

Each wanted sprite becomes a SpriteJob, or is Settled where no job is needed. Nothing is fetched or
written here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from ..errors import SpritesError
from ..keys import matches, patterns
from ..models import Sprite
from ..origins import check_url
from ..worker.records import Failure, Listing, SpriteJob, StoredFile
from ..worker.storage import Store
from .known import Known, KnownSpecies, KnownSprite
from .request import SyncRequest

State = Sprite.State
Look = Callable[[str, int | None], bool]


class Choice(NamedTuple):
    """Which sprites are wanted and what is done with them; ``from_rows`` asks for no JSON.

    With ``species`` their species are wanted, too. With ``keep_documents``, JSON is asked for
    wherever no document is kept.
    """

    globs: tuple[str, ...]
    origins: frozenset[str]
    fresh_since: datetime
    now: datetime
    only: frozenset[tuple[int, str]] = frozenset()
    force: bool = False
    verify: bool = False
    retry_failed: bool = False
    dry_run: bool = False
    from_rows: bool = False
    species: bool = False
    keep_documents: bool = False

    @classmethod
    def of(
        cls,
        request: SyncRequest,
        origins: frozenset[str],
        now: datetime,
        fresh_for: float,
        keep_documents: bool,
        species: bool,
    ) -> Self:
        """Return what a request chooses at a time; what is younger than that is fresh."""
        return cls(
            globs=patterns(request.sprites),
            origins=origins,
            fresh_since=now - timedelta(seconds=fresh_for),
            now=now,
            only=frozenset(request.only),
            force=request.force,
            verify=request.verify,
            retry_failed=request.retry_failed,
            dry_run=request.dry_run,
            from_rows=request.is_about_rows,
            species=species and not request.is_about_rows,
            keep_documents=keep_documents,
        )

    def lacks_document(self, found: Known | KnownSpecies) -> bool:
        """Tell whether its JSON is to be kept and is not: a 304 would bring none."""
        return self.keep_documents and not found.has_document

    def is_fresh(self, checked_at: datetime | None) -> bool:
        """Tell whether what was checked then stands; the future, of a clock that jumped, never."""
        return checked_at is not None and self.fresh_since <= checked_at <= self.now

    def wants(self, pokemon: int, key: str) -> bool:
        """Tell whether a listed sprite is among those that are wanted."""
        return matches(key, self.globs) and (not self.only or (pokemon, key) in self.only)


class Settled(NamedTuple):
    """A wanted sprite that needs no job: it stands well or, with a failure, can't be had."""

    pokemon: int
    key: str
    url: str
    failure: Failure | None = None


def plan(
    choice: Choice,
    pokemon: int,
    listings: Iterable[Listing],
    known: Mapping[str, KnownSprite],
    look: Look | None,
) -> Iterator[SpriteJob | Settled]:
    """Yield a step for each listed sprite that is wanted.

    ``look`` tells whether the storage has a file of a name and a size; without it a worker has to.
    """
    for listing in listings:
        if choice.wants(pokemon, listing.key):
            step = _step(choice, pokemon, listing, known.get(listing.key), look)
            if step is not None:
                yield step


def look_for(store: Store, *, dry_run: bool) -> Look | None:
    """Return how to look for a file; None where that takes a request and so is the workers' work.

    A dry run, which asks no worker, takes what is stored there for whole.
    """
    if store.is_local:
        return store.holds
    return (lambda name, size: True) if dry_run else None


def _step(
    choice: Choice,
    pokemon: int,
    listing: Listing,
    known: KnownSprite | None,
    look: Look | None,
) -> SpriteJob | Settled | None:
    key, url = listing.key, listing.url
    if choice.retry_failed and (known is None or known.state != State.FAILED):
        return None
    if choice.verify and (known is None or not known.file):
        return None
    failure = refusal(listing, choice.origins)
    if failure is not None and not choice.verify:
        return Settled(pokemon, key, url, failure)
    stored = _stored(known, look) if known is not None else None
    fresh = known is not None and stored is not None and _is_fresh(choice, url, known)
    if fresh and stored and stored.intact:
        return Settled(pokemon, key, url)
    fresh = fresh and look is None
    etag = _validator(choice, url, known) if known is not None else ""
    return SpriteJob(pokemon, key, url, etag, stored, fresh=fresh, verify=choice.verify)


def refusal(listing: Listing, origins: frozenset[str]) -> Failure | None:
    """Tell why a listing can't be asked for at all."""
    if listing.code is not None:
        return Failure(listing.code, listing.detail)
    try:
        check_url(listing.url, origins)
    except SpritesError as error:
        return Failure(error.code, error.detail)
    return None


def _stored(known: KnownSprite, look: Look | None) -> StoredFile | None:
    if not known.file:
        return None
    intact = look(known.file, known.size) if look else None
    return StoredFile(known.file, known.sha256, known.size or 0, intact)


def _is_fresh(choice: Choice, url: str, known: KnownSprite) -> bool:
    if choice.force or choice.verify or known.url != url:
        return False
    return known.state == State.STORED and choice.is_fresh(known.checked_at)


def _validator(choice: Choice, url: str, known: KnownSprite) -> str:
    """Return the ETag to send: only one that belongs to good bytes of this very URL."""
    if choice.force or known.state != State.STORED or known.url != url:
        return ""
    return known.etag
