"""What a run did: exit code, counts that add up, cost, failures. It never leaves the parent."""

from dataclasses import dataclass, field
from enum import IntEnum

from ..errors import Code
from ..worker.records import Meter

MAX_FAILURES = 10_000
"""Failures that a report lists; the sprites' rows have them all."""


class ExitCode(IntEnum):
    """How a run ended, as the command's exit code; these numbers never change."""

    DONE = 0
    FAILURES = 1
    USAGE = 2
    STOPPED = 3
    LOCKED = 4
    INTERRUPTED = 130
    TERMINATED = 143


@dataclass(frozen=True, slots=True)
class FailureReport:
    """One failure that a run ended with; ``key`` is "" for a Pokémon's own JSON."""

    pokemon: int | None
    key: str
    url: str
    code: Code
    status: int | None
    attempts: int
    detail: str


@dataclass(slots=True)
class PokemonCounts:
    """How many Pokémon a run looked at; checked = new + changed + unchanged + failed."""

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
    pokemon: PokemonCounts = field(default_factory=PokemonCounts)
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

    def spend(self, meter: Meter) -> None:
        """Add what an attempt cost."""
        self.requests += meter.requests
        self.bytes += meter.bytes
        self.worker_seconds += meter.seconds

    def belong(self, snapshot: str) -> bool:
        """Note whose deployment a reply is of; tell whether this one makes the run mixed."""
        is_other = not self.mixed and self.snapshot not in ("", snapshot)
        self.mixed = self.mixed or is_other
        self.snapshot = "" if self.mixed else snapshot
        return is_other

    def fail(self, failure: FailureReport) -> None:
        """List a failure, unless there are far too many already."""
        if len(self.failures) < MAX_FAILURES:
            self.failures.append(failure)

    def balance(self) -> None:
        """Count what is left of the wanted sprites as not tried."""
        it = self.sprites
        it.not_tried = it.wanted - it.stored - it.unchanged - it.missing - it.failed
