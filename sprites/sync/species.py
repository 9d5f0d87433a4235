"""The species of the chosen Pokémon: their numbers in; jobs, and an entry for each outcome, out."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urljoin

from ..worker.records import Job, Kind, ResourceJob, SpeciesRecord, Unchanged
from . import known as database
from .entries import Change, Entry, SpeciesEntry
from .events import Attempt
from .plan import Choice


class Species:
    """Asks for each species once a run at most: where species are wanted, and this one is due."""

    def __init__(
        self,
        api: str,
        choice: Choice,
        is_recent: Callable[[datetime | None], bool],
        push: Callable[[Job], None],
        write: Callable[[Entry], None],
    ) -> None:
        self._api, self._choice, self._is_recent = api, choice, is_recent
        self._push, self._write = push, write
        self._known = database.species() if choice.species else {}
        self._wanted_by: dict[int, int] = {}

    def want(self, number: int, pokemon: int) -> None:
        """Push a job for a Pokémon's species, unless another of its forms has asked for it."""
        if not self._choice.species or number in self._wanted_by:
            return
        self._wanted_by[number] = pokemon
        known = self._known.get(number)
        if known and self._choice.lacks_document(known):
            known = None
        if known and self._is_recent(known.synced_at):
            self._write(SpeciesEntry(pokemon, Change.UNCHANGED, species=number))
        else:
            etag = known.etag if known and not self._choice.force else ""
            url = urljoin(self._api, f"{Kind.SPECIES}/{number}/")
            self._push(ResourceJob(Kind.SPECIES, url, etag, number))

    def take(self, job: ResourceJob, attempt: Attempt[Job]) -> None:
        """Write what became of a job."""
        number = job.number or 0
        result, failure = attempt.outcome.result, attempt.outcome.failure
        wanted_by = self._wanted_by[number]
        entry = SpeciesEntry(wanted_by, Change.UNCHANGED, url=job.url, species=number)
        if isinstance(result, SpeciesRecord):
            entry.record, entry.change = result, self._change(result)
        elif isinstance(result, Unchanged):
            entry.etag = result.etag
        elif failure is not None:
            entry.change, entry.failure, entry.attempts = Change.FAILED, failure, attempt.number
        self._write(entry)

    def _change(self, record: SpeciesRecord) -> Change:
        if record.id not in self._known:
            return Change.NEW
        same = database.species_names(record.id) == set(record.names)
        return Change.UNCHANGED if same else Change.CHANGED
