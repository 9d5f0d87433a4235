"""The middle of a run: the chosen Pokémon in, jobs to the schedule, outcomes to ``persist``."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice
from urllib.parse import urljoin

from ..errors import Code
from ..models import Sprite
from ..storage import Store
from . import known as database
from . import rows
from .known import Known
from .persist import Persist
from .plan import Choice, Settled, plan, refusal
from .records import (
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
from .report import ExitCode, FailureReport, SyncReport
from .rows import Entry, Verdict
from .schedule import Finished, Schedule
from .select import Selection
from .stop import Stop

logger = logging.getLogger(__name__)

_CHUNK = 50
"""Pokémon whose rows are read at once."""
_BAD_URLS, _BAD_SHARE = 20, 0.1
"""With this many refused URLs that are this share of all, the JSON can't be trusted."""


class Mirror:
    """Brings the chosen Pokémon and their sprites into the database and the storage.

    In a dry run the JSON is read and the plan is counted, and nothing else is done.
    """

    def __init__(
        self,
        api: str,
        choice: Choice,
        store: Store,
        schedule: Schedule[Job],
        stop: Stop,
        report: SyncReport,
        *,
        dry_run: bool,
    ) -> None:
        self._api, self._choice, self._store = api, choice, store
        self._schedule, self._stop, self._report = schedule, stop, report
        self._dry_run = dry_run
        self.persist = Persist(store, self._sprite_written, self._pokemon_written)
        self._species: frozenset[str] | None = None
        self._mixed_until: datetime | None = None
        self._known: dict[int, Known | None] = {}
        self._asked: set[int] = set()
        self._twins: list[SpriteJob] = []
        self._bad_urls = 0

    def run(self, chosen: Selection) -> None:
        """Work through a selection; returns early once a stop has been asked for."""
        self._species, self._mixed_until = chosen.species, database.mixed_until()
        for finished in self._schedule.run(self._source(chosen.rows)):
            self._take(finished)
        self.persist.flush()
        self._asked.clear()  # the sweep needs as much room
        for finished in self._schedule.run(self._copies()):
            self._take(finished)
        self.persist.flush()

    def drain(self) -> None:
        """Take what the workers still bring back after the run was given up."""
        self.persist.abandon()
        for finished in self._schedule.run(()):
            self._take(finished)

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
        etag = found.row.etag if found and not self._choice.force else ""
        url = urljoin(self._api, f"pokemon/{pokemon}/")
        return ResourceJob(Kind.POKEMON, url, etag, pokemon)

    def _is_fresh(self, found: Known) -> bool:
        synced_at = found.row.synced_at
        if synced_at is None or self._choice.force:
            return False
        after_mix = self._mixed_until is None or synced_at > self._mixed_until
        return after_mix and self._choice.is_fresh(synced_at)

    def _fresh(self, pokemon: int, found: Known) -> Iterator[Job]:
        """Plan a Pokémon from its rows, without asking for its JSON."""
        if self._is_meant(found.row.species):
            self._pokemon_written(pokemon, "unchanged")
            yield from self._jobs(pokemon, _listings(found), found)

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
            self.persist.generations |= {row.name: result.id for row in result.members}
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
            if not self._dry_run:
                self.persist.touch(pokemon, result.etag)
            self._push(self._jobs(pokemon, _listings(found), found))
        elif failure is not None:
            self._report.pokemon.checked += 1
            self._report.pokemon.failed += 1
            self._fail(pokemon, "", job.url, failure, finished.attempts)

    def _take_record(self, record: PokemonRecord, found: Known | None) -> None:
        if not self._is_meant(record.species):
            return
        if found and found.row.name != record.name:
            logger.warning("Pokémon %d: %s is now %s", record.id, found.row.name, record.name)
        if self._dry_run:
            self._pokemon_written(record.id, rows.pokemon_verdict(record, found))
        else:
            origins = self._choice.origins
            whole = not any(refusal(listing, origins) for listing in record.listings)
            self.persist.pokemon(record, found, whole=whole)
        self._push(self._jobs(record.id, record.listings, found))

    def _push(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            self._schedule.push(job)

    def _jobs(
        self, pokemon: int, listings: Iterable[Listing], found: Known | None
    ) -> Iterator[SpriteJob]:
        """Yield the sprite jobs of a Pokémon; settle and count the sprites that need none."""
        sprites = found.sprites if found else {}
        for step in plan(self._choice, pokemon, listings, sprites, self._holds):
            self._report.sprites.wanted += 1
            if isinstance(step, Settled):
                self._settle(step)
            elif hash(step.url) in self._asked:
                self._twins.append(step)
            else:
                self._asked.add(hash(step.url))
                if not self._dry_run:
                    yield step

    def _holds(self, name: str, size: int | None) -> bool:
        return not self._store.is_local or self._store.holds(name, size)

    def _settle(self, step: Settled) -> None:
        if step.failure is None:
            self._report.sprites.unchanged += 1
            return
        self._bad_urls += step.failure.code in (Code.BAD_URL, Code.URL_NOT_ALLOWED)
        wanted = self._report.sprites.wanted
        if self._bad_urls >= max(_BAD_URLS, _BAD_SHARE * wanted):
            self._stop.ask(
                ExitCode.STOPPED,
                f"{self._bad_urls} of {wanted} sprite URLs are refused, the last one"
                f" {step.url or step.key}: {step.failure.detail} (SPRITES_ALLOWED_ORIGINS)",
            )
        self._unsuccessful(step, step.failure, 0)

    def _take_sprite(self, job: SpriteJob, finished: Finished[Job]) -> None:
        result, failure = finished.outcome.result, finished.outcome.failure
        attempts = finished.attempts
        if isinstance(result, StoredSprite):
            if result.note:
                logger.warning("sprite %d/%s: %s", job.pokemon, job.key, result.note)
            self.persist.sprite(rows.stored(job, result, attempts))
        elif isinstance(result, Unchanged):
            self.persist.sprite(rows.unchanged(job, result.etag, attempts))
        elif failure is not None:
            self._unsuccessful(job, failure, attempts)

    def _unsuccessful(self, what: SpriteJob | Settled, failure: Failure, attempts: int) -> None:
        verdict = Verdict.MISSING if failure.code is Code.NOT_FOUND else Verdict.FAILED
        identity = (what.pokemon, what.key, what.url)
        entry = Entry(*identity, verdict, attempts, failure)
        if self._dry_run:
            self._sprite_written(entry)
        else:
            self.persist.sprite(entry)

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

    def _sprite_written(self, entry: Entry) -> None:
        counts = self._report.sprites
        setattr(counts, entry.verdict, getattr(counts, entry.verdict) + 1)
        self._report.repaired += entry.repaired and entry.verdict is Verdict.STORED
        logger.debug("sprite %d/%s: %s", entry.pokemon, entry.key, entry.verdict)
        if entry.failure is not None and entry.verdict is Verdict.FAILED:
            self._fail(entry.pokemon, entry.key, entry.url, entry.failure, entry.attempts)

    def _pokemon_written(self, pokemon: int, verdict: str) -> None:
        counts = self._report.pokemon
        counts.checked += 1
        setattr(counts, verdict, getattr(counts, verdict) + 1)
        logger.info("Pokémon %d: %s", pokemon, verdict)
        if verdict == "failed":
            self._fail(pokemon, "", "", Failure(Code.DB, "the database refused its row"), 1)

    def _fail(self, pokemon: int, key: str, url: str, failure: Failure, attempts: int) -> None:
        self._report.fail(
            FailureReport(pokemon, key, url, failure.code, failure.status, attempts, failure.detail)
        )


def _lacks_generation(ids: list[int], known: dict[int, Known]) -> bool:
    return any(number not in known or known[number].row.generation is None for number in ids)


def _listings(found: Known) -> list[Listing]:
    """Return what upstream listed when the rows were written."""
    return [Listing(key, sprite.url) for key, sprite in found.sprites.items() if sprite.listed]
