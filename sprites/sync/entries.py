"""What becomes of each Pokémon and of each wanted sprite: entries, to be written and counted."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from ..errors import Code
from ..keys import is_valid
from ..worker.records import (
    Failure,
    Packed,
    PokemonRecord,
    SpeciesRecord,
    SpriteJob,
    StoredFile,
    StoredSprite,
)
from .known import Known


class Verdict(StrEnum):
    """How a wanted sprite stands at the end of a run; a count of the report each."""

    STORED = "stored"
    UNCHANGED = "unchanged"
    MISSING = "missing"
    FAILED = "failed"


class Change(StrEnum):
    """What a Pokémon's or a species' JSON means for its rows; a count of the report each."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(slots=True)
class SpriteEntry:
    """A sprite whose fate is known.

    ``old_file`` is the name of the file that its row points to until this is written. Where its row
    ``stands``, only a look at it is to be noted. What is ``doubtful`` is written once the run knows
    how many more are like it.
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
    stands: bool = False
    doubtful: bool = False

    @property
    def has_row(self) -> bool:
        """Tell whether its key can be a row's; the failure of one that can't is only reported."""
        return is_valid(self.key)

    @property
    def is_visible(self) -> bool:
        """Tell whether its row may look other than before to a visitor."""
        return not self.stands

    @property
    def new_file(self) -> str:
        """Return the name of a file that no row points to yet, or ""."""
        return self.found.name if self.found and self.found.name != self.old_file else ""

    @property
    def replaced(self) -> str:
        """Return the name of the file that its row pointed to before, if it was another one."""
        return self.old_file if self.new_file else ""

    def refuse(self, why: str) -> None:
        """Note that the database has not taken it."""
        self.verdict, self.failure, self.found = Verdict.FAILED, Failure(Code.DB, why), None

    def __str__(self) -> str:
        return f"sprite {self.pokemon}/{self.key}"


def stored_entry(job: SpriteJob, found: StoredSprite, attempts: int) -> SpriteEntry:
    """Return the entry of a sprite whose bytes are new here."""
    old = job.stored
    return SpriteEntry(
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


@dataclass(slots=True)
class JsonEntry:
    """A Pokémon or a species that was looked at: its record, or an ETag where it is unchanged.

    It has neither where there was no need to ask, or no answer.
    """

    pokemon: int
    change: Change
    record: PokemonRecord | SpeciesRecord | None = None
    etag: str | None = None
    url: str = ""
    failure: Failure | None = None
    attempts: int = 1

    @property
    def has_row(self) -> bool:
        """Tell whether there is something to write."""
        return self.record is not None or self.etag is not None

    @property
    def is_visible(self) -> bool:
        """Tell whether its rows may look other than before to a visitor."""
        return self.record is not None

    def refuse(self, why: str) -> None:
        """Note that the database has not taken it."""
        self.change = Change.FAILED
        self.failure = Failure(Code.DB, "the database refused its row")


@dataclass(slots=True)
class PokemonEntry(JsonEntry):
    """What became of a Pokémon's own JSON; unless it was ``whole`` it is asked for again soon."""

    record: PokemonRecord | None = None
    known: Known | None = None
    whole: bool = True
    doubtful: bool = False

    def __str__(self) -> str:
        return f"Pokémon {self.pokemon}"


@dataclass(slots=True, kw_only=True)
class SpeciesEntry(JsonEntry):
    """What became of the JSON of a species, which the first of its Pokémon has asked for."""

    species: int
    record: SpeciesRecord | None = None

    def __str__(self) -> str:
        return f"species {self.species}"


class Planned(NamedTuple):
    """How many sprites of a Pokémon are wanted, and how many of them need no job."""

    wanted: int
    unchanged: int


class Members(NamedTuple):
    """The species of a generation, by their names."""

    generation: int
    species: list[str]


class DocumentEntry(NamedTuple):
    """A document that is to be kept, under its resource and number; 0 is the number of a list."""

    resource: str
    number: int
    name: str
    document: Packed

    @property
    def has_row(self) -> bool:
        """Tell that there is something to write."""
        return True

    @property
    def is_visible(self) -> bool:
        """Tell that no page of the gallery shows it."""
        return False

    def refuse(self, why: str) -> None:
        """Do nothing: what the database has not taken is read again by another run."""

    def __str__(self) -> str:
        return f"the document {self.resource}/{self.number}"


Entry = SpriteEntry | PokemonEntry | SpeciesEntry | Planned | Members | DocumentEntry
