"""The middle of a run: which jobs the chosen Pokémon need, and what became of each."""

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from urllib.parse import urljoin

from ..errors import Code
from ..models import Sprite
from ..worker.records import (
    Failure,
    Group,
    Job,
    Kind,
    Listing,
    ListPage,
    PokemonRecord,
    ResourceJob,
    SpriteJob,
    StoredSprite,
    Unchanged,
)
from . import known as database
from . import rows
from .asked import Asked
from .entries import Change, Entry, Planned, PokemonEntry, SpriteEntry, Verdict, stored_entry
from .events import Attempt
from .generations import Generations, lacks_any
from .guard import Guard
from .known import Known
from .plan import Choice, Look, Settled, plan, refusal
from .select import Selection
from .species import Species

logger = logging.getLogger(__name__)

_CHUNK = 50
"""Pokémon whose rows are read at once."""
_TWINS = 400
"""Sprites whose URL others had that are looked up at once: SQLite may take 999 parameters."""


class Mirror:
    """Decides for the chosen Pokémon and their sprites what to fetch, and what became of it.

    ``look`` tells whether the storage has a file, ``push`` takes further jobs, and ``write`` the
    entries of what is settled.
    """

    def __init__(
        self,
        api: str,
        choice: Choice,
        look: Look | None,
        guard: Guard,
        push: Callable[[Job], None],
        write: Callable[[Entry], None],
    ) -> None:
        self._api, self._choice, self._look, self._guard = api, choice, look, guard
        self._push, self._write = push, write
        self._species: frozenset[str] | None = None
        self._mixed_until = database.mixed_until()
        self._known: dict[int, Known | None] = {}
        self._asked = Asked()
        self._twins: list[SpriteJob] = []
        self._generations = Generations(api, choice.keep_documents, push, write)
        self._all_species = Species(api, choice, self._is_recent, push, write)

    def jobs(self, chosen: Selection) -> Iterator[Job]:
        """Yield a job for each Pokémon whose JSON is due, and the sprite jobs of the others."""
        self._species = chosen.species
        for document in chosen.documents if self._choice.keep_documents else ():
            self._write(document)
        references = iter(chosen.rows)
        from_rows = self._choice.from_rows
        has_generations, are_kept = from_rows, self._generations.are_kept
        while ids := [row.id for row in islice(references, _CHUNK)]:
            known = database.load(ids)
            if not has_generations and (not are_kept or lacks_any(ids, known)):
                has_generations = True
                yield self._generations.job()
            for pokemon in ids:
                found = known.get(pokemon)
                if found and (from_rows or self._is_fresh(found)):
                    yield from self._fresh(pokemon, found)
                elif not from_rows:
                    yield self._due(pokemon, found)

    def copies(self) -> Iterator[SpriteJob]:
        """Yield the sprites whose URL another one had: they get its bytes, or its failure.

        Where none had it, as ``Asked`` may err, or none has a row, it is asked for after all.
        """
        twins = iter(self._twins)
        while some := list(islice(twins, _TWINS)):
            known = database.of_urls((job.url for job in some), self._choice.now)
            for job in some:
                others = (
                    each
                    for each in known.get(job.url, ())
                    if (each.pokemon_id, each.key) != (job.pokemon, job.key)
                )
                yield from self._copy(job, next(others, None))

    def _copy(self, job: SpriteJob, other: Sprite | None) -> Iterator[SpriteJob]:
        if other is None:
            yield job
        elif other.state == Sprite.State.STORED:
            yield job._replace(copy_of=other.file.name or "")
        else:
            failure = Failure(Code(other.error_code), other.error_detail, other.http_status)
            self._unsuccessful(job, failure, other.attempts)

    def take(self, attempt: Attempt[Job]) -> None:
        """Take the last attempt at a job: write what became of it, and push what follows."""
        job, result, failure = attempt.job, attempt.outcome.result, attempt.outcome.failure
        if isinstance(job, SpriteJob):
            self._take_sprite(job, attempt)
        elif isinstance(result, (ListPage, Group)):
            self._generations.take(result)
        elif isinstance(job, ResourceJob) and job.kind is Kind.SPECIES:
            self._all_species.take(job, attempt)
        elif isinstance(job, ResourceJob) and job.number is not None:
            self._take_pokemon(job, job.number, attempt)
        elif isinstance(job, ResourceJob) and failure:
            logger.warning("%s: %s", job.url, failure.detail)

    def _due(self, pokemon: int, found: Known | None) -> ResourceJob:
        self._known[pokemon] = found
        may_be_told = found and found.is_whole and not self._choice.lacks_document(found)
        etag = found.row.etag if found and may_be_told and not self._choice.force else ""
        url = urljoin(self._api, f"pokemon/{pokemon}/")
        return ResourceJob(Kind.POKEMON, url, etag, pokemon)

    def _is_fresh(self, found: Known) -> bool:
        stands = found.is_whole and not (found.has_lost_any or self._choice.lacks_document(found))
        if not (stands and self._is_recent(found.row.synced_at)):
            return False
        return not self._refuses_any(found.row.pk, found.listings())

    def _refuses_any(self, pokemon: int, listings: Iterable[Listing]) -> bool:
        """Tell whether a sprite is wanted whose URL is refused: upstream may have another now."""
        wants, origins = self._choice.wants, self._choice.origins
        return any(wants(pokemon, each.key) and refusal(each, origins) for each in listings)

    def _is_recent(self, synced_at: datetime | None) -> bool:
        """Tell whether JSON that was read then need not be asked for again."""
        if synced_at is None or self._choice.force:
            return False
        after_mix = self._mixed_until is None or synced_at > self._mixed_until
        return after_mix and self._choice.is_fresh(synced_at)

    def _fresh(self, pokemon: int, found: Known) -> Iterator[SpriteJob]:
        """Plan a Pokémon from its rows, without asking for its JSON."""
        if self._is_meant(found.row.species):
            self._write(PokemonEntry(pokemon, Change.UNCHANGED))
            self._all_species.want(found.row.number, pokemon)
            yield from self._plan(pokemon, found.listings(verify=self._choice.verify), found)

    def _is_meant(self, species: str) -> bool:
        """Tell whether a form's species, which its name only hints at, is really a chosen one."""
        return self._species is None or species in self._species

    def _take_pokemon(self, job: ResourceJob, pokemon: int, attempt: Attempt[Job]) -> None:
        found = self._known.pop(pokemon)
        result, failure = attempt.outcome.result, attempt.outcome.failure
        if isinstance(result, PokemonRecord):
            self._take_record(result, found)
        elif isinstance(result, Unchanged) and found is not None:
            self._guard.read(found)
            self._write(PokemonEntry(pokemon, Change.UNCHANGED, etag=result.etag))
            self._all_species.want(found.row.number, pokemon)
            self._go_on(pokemon, found.listings(), found)
        elif failure is not None:
            entry = PokemonEntry(pokemon, Change.FAILED, url=job.url, failure=failure)
            entry.attempts = attempt.number
            self._write(entry)

    def _take_record(self, record: PokemonRecord, found: Known | None) -> None:
        if not self._is_meant(record.species):
            return
        entry = PokemonEntry(record.id, Change.NEW, record, known=found)
        is_read = all(listing.code is None for listing in record.listings)
        entry.whole = is_read and not self._refuses_any(record.id, record.listings)
        if found:
            if found.row.name != record.name:
                logger.warning("Pokémon %d: %s is now %s", record.id, found.row.name, record.name)
            is_other = rows.has_changed(record, found)
            entry.change = Change.CHANGED if is_other else Change.UNCHANGED
            gone = rows.unlisted_keys(record, found)
            dropped = sum(found.sprites[key].file != "" for key in gone)
            self._guard.read(found, dropped)
            entry.doubtful = dropped > 0
        self._write(entry)
        self._all_species.want(record.number, record.id)
        self._go_on(record.id, record.listings, found)

    def _go_on(self, pokemon: int, listings: Iterable[Listing], found: Known | None) -> None:
        for job in self._plan(pokemon, listings, found):
            self._push(job)

    def _plan(
        self, pokemon: int, listings: Iterable[Listing], found: Known | None
    ) -> Iterator[SpriteJob]:
        """Yield the sprite jobs of a Pokémon; write what becomes of the sprites that need none."""
        known = found.sprites if found else {}
        steps = list(plan(self._choice, pokemon, listings, known, self._look))
        well = sum(isinstance(step, Settled) and not step.failure for step in steps)
        self._write(Planned(len(steps), well))
        for step in steps:
            self._guard.look_at(pokemon, step.key, known.get(step.key))
            if isinstance(step, SpriteJob):
                yield from self._unasked(step)
            elif step.failure:
                self._guard.refuse(step.url or step.key, step.failure)
                self._unsuccessful(step, step.failure, 0)

    def _unasked(self, job: SpriteJob) -> Iterator[SpriteJob]:
        """Yield a job unless another one has the same URL, or the run is dry."""
        if self._choice.dry_run:
            return
        if self._asked.add(job.url):
            yield job
        else:
            self._twins.append(job)

    def _take_sprite(self, job: SpriteJob, attempt: Attempt[Job]) -> None:
        result, failure = attempt.outcome.result, attempt.outcome.failure
        if isinstance(result, StoredSprite):
            if result.note:
                logger.warning("sprite %d/%s: %s", job.pokemon, job.key, result.note)
            self._write(stored_entry(job, result, attempt.number))
        elif isinstance(result, Unchanged) and job.asks_upstream:
            entry = SpriteEntry(job.pokemon, job.key, job.url, Verdict.UNCHANGED, attempt.number)
            entry.etag, entry.stands = result.etag, job.etag != ""  # only then it was stored well
            self._write(entry)
        elif isinstance(result, Unchanged):
            self._write(Planned(0, 1))
        elif failure is not None:
            self._unsuccessful(job, failure, attempt.number)

    def _unsuccessful(self, what: SpriteJob | Settled, failure: Failure, attempts: int) -> None:
        verdict = Verdict.MISSING if failure.code is Code.NOT_FOUND else Verdict.FAILED
        entry = SpriteEntry(what.pokemon, what.key, what.url, verdict, attempts, failure)
        stored = isinstance(what, SpriteJob) and what.stored is not None
        if verdict is Verdict.MISSING and stored:
            entry.doubtful = self._guard.is_loss(what.pokemon, what.key)
        self._write(entry)
