"""What was committed in, the report's counts out."""

import logging

from ..errors import Code
from ..worker.records import Failure
from .report import FailureReport, SyncReport
from .rows import Entry, Verdict

logger = logging.getLogger(__name__)


class Tally:
    """Counts into a report what became of each Pokémon and of each wanted sprite."""

    def __init__(self, report: SyncReport) -> None:
        self.report = report

    def sprite(self, entry: Entry) -> None:
        """Count a sprite whose fate is written."""
        counts = self.report.sprites
        setattr(counts, entry.verdict, getattr(counts, entry.verdict) + 1)
        self.report.repaired += entry.repaired and entry.verdict is Verdict.STORED
        logger.debug("sprite %d/%s: %s", entry.pokemon, entry.key, entry.verdict)
        if entry.failure is not None and entry.verdict is Verdict.FAILED:
            self._fail(entry.pokemon, entry.key, entry.url, entry.failure, entry.attempts)

    def pokemon(self, pokemon: int, verdict: str) -> None:
        """Count a Pokémon as ``new``, ``changed``, ``unchanged`` or refused by the database."""
        counts = self.report.pokemon
        counts.checked += 1
        setattr(counts, verdict, getattr(counts, verdict) + 1)
        logger.info("Pokémon %d: %s", pokemon, verdict)
        if verdict == "failed":
            self._fail(pokemon, "", "", Failure(Code.DB, "the database refused its row"), 1)

    def pokemon_failed(self, pokemon: int, url: str, failure: Failure, attempts: int) -> None:
        """Count a Pokémon whose JSON could not be had."""
        self.report.pokemon.checked += 1
        self.report.pokemon.failed += 1
        self._fail(pokemon, "", url, failure, attempts)

    def _fail(self, pokemon: int, key: str, url: str, failure: Failure, attempts: int) -> None:
        self.report.fail(
            FailureReport(pokemon, key, url, failure.code, failure.status, attempts, failure.detail)
        )
