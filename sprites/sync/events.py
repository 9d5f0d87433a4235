"""What a schedule tells of its jobs; the report, the trace and the timeline are made from it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

from ..errors import Code
from ..worker.records import Job, Outcome

J = TypeVar("J")


class Attempt(NamedTuple, Generic[J]):
    """One attempt at a job, the first of which has the number 1, and how it ended.

    After the last one the job is finished; another one may follow, or a stop leaves the job undone.
    """

    job: J
    outcome: Outcome
    number: int
    is_last: bool

    @property
    def code(self) -> Code | None:
        """Return what it failed with."""
        return self.outcome.failure.code if self.outcome.failure else None


class Pause(NamedTuple):
    """A host is left alone, from a time on (Unix) and for some seconds."""

    host: str
    at: float
    seconds: float


class Tick(NamedTuple):
    """Time passes: one comes after each look at what has ended, at least each half second.

    The first after no job is left to be handed out has ``is_tail``.
    """

    is_tail: bool = False


Event = Attempt[J] | Pause | Tick
RunJobs = Callable[[Iterable[Job]], Iterator[Attempt[Job]]]
"""Runs jobs and returns the last attempt at each."""
