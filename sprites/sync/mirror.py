"""The middle of a run: the chosen Pokémon in, jobs to the schedule, outcomes to ``writer``."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace
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
    PokemonRecord,
    Reference,
    ResourceJob,
    SpriteJob,
    StoredSprite,
    Unchanged,
)
from ..worker.storage import Store
from . import known as database
from . import rows
from .guard import Guard
from .known import Known
from .plan import Choice, Settled, plan, refusal
from .rows import Entry, Verdict
from .schedule import Finished, Schedule
from .select import Selection
from .tally import Tally
from .writer import Writer

logger = logging.getLogger(__name__)

_CHUNK = 50
"""Pokémon whose rows are read at once."""


class Mirror:
    """Brings the chosen Pokémon and their sprites into the database and the storage.

    Without ``writer``, in a dry run, the JSON is read and the plan is counted, and that is all.
    """

    def __init__(
        self,
        api: str,
        choice: Choice,
        store: Store,
        schedule: Schedule[Job],
        tally: Tally,
        writer: Writer | None,
        guard: Guard,
    ) -> None:
        self._api, self._choice = api, choice
        self._schedule, self._report = schedule, tally.report
        self._tally, self._writer, self._guard = tally, writer, guard
        # Elsewhere a look at a file takes a request: workers look there, many at once.
        self._look = store.holds if store.is_local else None
        if writer is None and not store.is_local:
            self._look = lambda name, size: True
        self._species: frozenset[str] | None = None
        self._mixed_until: datetime | None = None
        self._known: dict[int, Known | None] = {}
        self._asked: set[int] = set()
        self._twins: list[SpriteJob] = []

    def run(self, chosen: Selection) -> None:
        """Work through a selection; returns early once a stop has been asked for."""
        self._species, self._mixed_until = chosen.species, database.mixed_until()
        for finished in self._schedule.run(self._source(chosen.rows)):
            self._take(finished)
        self._believe()
        self._asked.clear()  # the sweep needs as much room
        for finished in self._schedule.run(self._copies()):
            self._take(finished)
        self._believe()

    def drain(self) -> None:
        """Take what the workers still bring back after the run was given up."""
        for finished in self._schedule.run(()):
            self._take(finished)

    def _believe(self) -> None:
        """Write what upstream seems to have lost, or where that is too much none of it."""
        is_believed = self._guard.are_small()
        if self._writer:
            self._writer.believe(is_believed)
            self._writer.flush()

    def _source(self, chosen: Iterable[Reference]) -> Iterator[Job]:
        """Yield a job for each Pokémon whose JSON is due, and the sprite jobs of the others."""
        references = iter(chosen)
        from_rows = self._choice.from_rows
        has_generations = from_rows
        while ids := [row.id for row in islice(references, _CHUNK)]:
            known = database.load(ids)
            if not has_generations and _lacks_generation(ids, known):
                has_generations = True
                yield ResourceJob(Kind.GENERATIONS, urljoin(self._api, "generation/?limit=100"))
            for pokemon in ids:
                found = known.get(pokemon)
                if found and (from_rows or self._is_fresh(found)):
                    yield from self._fresh(pokemon, found)
                elif not from_rows:
                    yield self._due(pokemon, found)

    def _due(self, pokemon: int, found: Known | None) -> ResourceJob:
        self._known[pokemon] = found
        etag = found.row.etag if found and found.is_whole and not self._choice.force else ""
        url = urljoin(self._api, f"pokemon/{pokemon}/")
        return ResourceJob(Kind.POKEMON, url, etag, pokemon)

    def _is_fresh(self, found: Known) -> bool:
        synced_at = found.row.synced_at
        if synced_at is None or self._choice.force or not found.is_whole or found.has_lost_any:
            return False
        after_mix = self._mixed_until is None or synced_at > self._mixed_until
        return after_mix and self._choice.is_fresh(synced_at)

    def _fresh(self, pokemon: int, found: Known) -> Iterator[Job]:
        """Plan a Pokémon from its rows, without asking for its JSON."""
        if self._is_meant(found.row.species):
            self._tally.pokemon(pokemon, "unchanged")
            yield from self._jobs(pokemon, _listings(found, verify=self._choice.verify), found)

    def _is_meant(self, species: str) -> bool:
        """Tell whether a form's species, which its name only hints at, is really a chosen one."""
        return self._species is None or species in self._species

    def _take(self, finished: Finished[Job]) -> None:
        """Pass on what a finished job brought."""
        job, result = finished.job, finished.outcome.result
        if isinstance(job, SpriteJob):
            self._take_sprite(job, finished)
        elif isinstance(result, tuple):
            for number in result:
                url = urljoin(self._api, f"generation/{number}/")
                self._schedule.push(ResourceJob(Kind.GENERATION, url))
        elif isinstance(result, Group):
            if self._writer:
                self._writer.generations |= {row.name: result.id for row in result.members}
        elif isinstance(job, ResourceJob) and job.pokemon is not None:
            self._take_pokemon(job, job.pokemon, finished)
        elif isinstance(job, ResourceJob) and finished.outcome.failure:
            logger.warning("%s: %s", job.url, finished.outcome.failure.detail)

    def _take_pokemon(self, job: ResourceJob, pokemon: int, finished: Finished[Job]) -> None:
        found = self._known.pop(pokemon)
        result, failure = finished.outcome.result, finished.outcome.failure
        if isinstance(result, PokemonRecord):
            self._take_record(result, found)
        elif isinstance(result, Unchanged) and found is not None:
            self._guard.read(found)
            if self._writer:
                self._writer.touch(pokemon, result.etag)
            self._push(self._jobs(pokemon, _listings(found), found))
        elif failure is not None:
            self._tally.pokemon_failed(pokemon, job.url, failure, finished.attempts)

    def _take_record(self, record: PokemonRecord, found: Known | None) -> None:
        if not self._is_meant(record.species):
            return
        if found and found.row.name != record.name:
            logger.warning("Pokémon %d: %s is now %s", record.id, found.row.name, record.name)
        dropped = rows.dropped(record, found)
        if found:
            self._guard.read(found, dropped)
        if self._writer:
            origins = self._choice.origins
            whole = not any(refusal(listing, origins) for listing in record.listings)
            self._writer.pokemon(record, found, whole=whole, withhold=dropped > 0)
        else:
            self._tally.pokemon(record.id, rows.pokemon_verdict(record, found))
        self._push(self._jobs(record.id, record.listings, found))

    def _push(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            self._schedule.push(job)

    def _jobs(
        self, pokemon: int, listings: Iterable[Listing], found: Known | None
    ) -> Iterator[SpriteJob]:
        """Yield the sprite jobs of a Pokémon; settle and count the sprites that need none."""
        sprites = found.sprites if found else {}
        for step in plan(self._choice, pokemon, listings, sprites, self._look):
            self._report.sprites.wanted += 1
            self._guard.look_at(pokemon, step.key, sprites.get(step.key))
            if isinstance(step, Settled):
                self._settle(step)
            elif hash(step.url) in self._asked:
                self._twins.append(step)
            else:
                self._asked.add(hash(step.url))
                if self._writer:
                    yield step

    def _settle(self, step: Settled) -> None:
        if step.failure is None:
            self._report.sprites.unchanged += 1
            return
        self._guard.refused(step, self._report.sprites.wanted)
        self._unsuccessful(step, step.failure, 0)

    def _take_sprite(self, job: SpriteJob, finished: Finished[Job]) -> None:
        result, failure = finished.outcome.result, finished.outcome.failure
        attempts = finished.attempts
        if isinstance(result, StoredSprite):
            if result.note:
                logger.warning("sprite %d/%s: %s", job.pokemon, job.key, result.note)
            self._write(rows.stored(job, result, attempts))
        elif isinstance(result, Unchanged) and job.asks_upstream:
            self._write(rows.unchanged(job, result.etag, attempts))
        elif isinstance(result, Unchanged):
            self._report.sprites.unchanged += 1
        elif failure is not None:
            self._unsuccessful(job, failure, attempts)

    def _unsuccessful(self, what: SpriteJob | Settled, failure: Failure, attempts: int) -> None:
        verdict = Verdict.MISSING if failure.code is Code.NOT_FOUND else Verdict.FAILED
        entry = Entry(what.pokemon, what.key, what.url, verdict, attempts, failure)
        stored = isinstance(what, SpriteJob) and what.stored is not None
        is_gone = verdict is Verdict.MISSING and stored
        is_loss = is_gone and self._guard.is_loss(what.pokemon, what.key)
        self._write(entry, withhold=is_loss)

    def _write(self, entry: Entry, *, withhold: bool = False) -> None:
        if self._writer:
            self._writer.sprite(entry, withhold=withhold)
        else:
            self._tally.sprite(entry)

    def _copies(self) -> Iterator[SpriteJob]:
        """Yield the sprites whose URL another one had: they get its bytes, or its failure."""
        for job in self._twins:
            other = database.twin(job.pokemon, job.key, job.url)
            if other is None:
                continue
            if other.state == Sprite.State.STORED:
                yield replace(job, copy_of=other.file.name or "")
            else:
                failure = Failure(Code(other.error_code), other.error_detail, other.http_status)
                self._unsuccessful(job, failure, other.attempts)


def _lacks_generation(ids: list[int], known: dict[int, Known]) -> bool:
    return any(number not in known or known[number].row.generation is None for number in ids)


def _listings(found: Known, *, verify: bool = False) -> list[Listing]:
    """Return what upstream listed when the rows were written, or all of which a file is stored."""
    return [
        Listing(key, sprite.url)
        for key, sprite in found.sprites.items()
        if sprite.listed or (verify and sprite.file)
    ]
