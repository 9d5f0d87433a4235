"""What a run did: exit code, counts that add up, cost, failures. It never leaves the parent."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from ..errors import Code
from ..worker.records import Job, ResourceJob
from .entries import Change, Entry, JsonEntry, Planned, PokemonEntry, SpriteEntry, Verdict
from .events import Attempt
from .stop import ExitCode

logger = logging.getLogger(__name__)

MAX_FAILURES = 10_000
"""Failures that a report lists; the sprites' rows have them all."""


class FailureReport(NamedTuple):
    """One failure that a run ended with; ``key`` is "" for the JSON of a Pokémon or its species."""

    pokemon: int | None
    key: str
    url: str
    code: Code
    status: int | None
    attempts: int
    detail: str


@dataclass(slots=True)
class JsonCounts:
    """How many Pokémon or species a run looked at; checked = new + changed + unchanged + failed."""

    checked: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    failed: int = 0


@dataclass(slots=True)
class SpriteCounts:
    """How many sprites; wanted = stored + unchanged + missing + failed + not_tried."""

    wanted: int = 0
    stored: int = 0
    unchanged: int = 0
    missing: int = 0
    failed: int = 0
    not_tried: int = 0


@dataclass(slots=True)
class SyncReport:
    """What a run did; the only record that changes, and it never leaves the parent.

    ``snapshot`` is the deployment of upstream that every reply belonged to; a run that is ``mixed``
    met two of them, and has none.
    """

    executor: str
    workers: int
    exit_code: ExitCode = ExitCode.DONE
    message: str = ""
    pokemon: JsonCounts = field(default_factory=JsonCounts)
    species: JsonCounts = field(default_factory=JsonCounts)
    sprites: SpriteCounts = field(default_factory=SpriteCounts)
    repaired: int = 0
    pruned: int = 0
    requests: int = 0
    retries: int = 0
    bytes: int = 0
    seconds: float = 0.0
    worker_seconds: float = 0.0
    snapshot: str = ""
    mixed: bool = False
    failures: list[FailureReport] = field(default_factory=list)

    def spend(self, attempt: Attempt[Job]) -> None:
        """Add what an attempt cost."""
        self.retries += attempt.number > 1
        if meter := attempt.outcome.meter:
            self.requests += meter.requests
            self.bytes += meter.bytes
            self.worker_seconds += meter.seconds
        if isinstance(attempt.job, ResourceJob) and attempt.outcome.snapshot:
            self._belong(attempt.outcome.snapshot)

    def _belong(self, snapshot: str) -> None:
        """Note which deployment of upstream a reply is of."""
        if not self.mixed and self.snapshot not in ("", snapshot):
            self.mixed = True
            logger.warning(
                "upstream was deployed anew during the run (now %s): the next one asks again"
                " for every Pokémon's JSON",
                snapshot,
            )
        self.snapshot = "" if self.mixed else snapshot

    def count(self, entries: Iterable[Entry]) -> None:
        """Count what became of Pokémon and sprites, once that is settled."""
        for entry in entries:
            if isinstance(entry, SpriteEntry):
                self._count_sprite(entry)
            elif isinstance(entry, JsonEntry):
                is_own = isinstance(entry, PokemonEntry)
                self._count_json(self.pokemon if is_own else self.species, entry)
            elif isinstance(entry, Planned):
                self.sprites.wanted += entry.wanted
                self.sprites.unchanged += entry.unchanged

    def _count_sprite(self, entry: SpriteEntry) -> None:
        logger.debug("%s: %s", entry, entry.verdict)
        setattr(self.sprites, entry.verdict, getattr(self.sprites, entry.verdict) + 1)
        self.repaired += entry.repaired and entry.verdict is Verdict.STORED
        if entry.verdict is Verdict.FAILED:
            self._fail(entry, entry.key)

    def _count_json(self, counts: JsonCounts, entry: JsonEntry) -> None:
        logger.info("%s: %s", entry, entry.change)
        counts.checked += 1
        setattr(counts, entry.change, getattr(counts, entry.change) + 1)
        if entry.change is Change.FAILED:
            self._fail(entry, "")

    def _fail(self, entry: SpriteEntry | JsonEntry, key: str) -> None:
        """List a failure, unless there are far too many already."""
        failure = entry.failure
        if failure and len(self.failures) < MAX_FAILURES:
            why = failure.code, failure.status, entry.attempts, failure.detail
            self.failures.append(FailureReport(entry.pokemon, key, entry.url, *why))

    @property
    def has_failures(self) -> bool:
        """Tell whether anything has failed."""
        return any(counts.failed for counts in (self.pokemon, self.species, self.sprites))

    def balance(self) -> None:
        """Count what is left of the wanted sprites as not tried."""
        it = self.sprites
        it.not_tried = it.wanted - it.stored - it.unchanged - it.missing - it.failed
