"""What the schedule knows of one host: failures in, a pause or a reason to stop the run out."""

import time
from dataclasses import dataclass, field

from ..errors import Code
from .records import Failure

_REFUSALS = frozenset({Code.BLOCKED, Code.TLS})
_SILENCES = frozenset({Code.TIMEOUT, Code.HTTP_5XX, Code.CONNECTION, Code.STORAGE})
_SILENCES_A_REFUSAL = 4
"""A host may fail at this many times more paths in a row than it may refuse."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How often and how fast; ``rate`` in jobs a second, ``max_pause`` in seconds."""

    retries: int
    max_pause: float
    breaker: int
    rate: float | None = None


@dataclass(slots=True, eq=False)
class Host:
    """A host's account since it last answered; jobs are told apart by their numbers.

    A path that fails is the path's fault until many in a row do; a host that can't be reached at
    all is given up after a few attempts.
    """

    name: str
    resume: float = 0.0
    pauses: int = 0
    unreachable: int = 0
    refusals: set[int] = field(default_factory=set)
    silences: set[int] = field(default_factory=set)

    def answered(self) -> None:
        """Note that the host does its work."""
        self.pauses = self.unreachable = 0
        self.refusals.clear()
        self.silences.clear()

    def failed(self, number: int, failure: Failure, rules: Rules) -> str:
        """Note a job's failure; return why the host must be left alone, or ""."""
        if failure.code is Code.UNREACHABLE:
            self.unreachable += 1
            if self.unreachable >= rules.breaker:
                return f"{self.name} can't be reached: {failure.detail}"
        elif failure.code in _REFUSALS:
            self.refusals.add(number)
            if len(self.refusals) >= rules.breaker:
                return f"{self.name} refused {len(self.refusals)} in a row: {failure.detail}"
        elif failure.code in _SILENCES:
            self.silences.add(number)
            if len(self.silences) >= rules.breaker * _SILENCES_A_REFUSAL:
                who = "the media storage" if failure.code is Code.STORAGE else self.name
                return f"{who} failed {len(self.silences)} in a row: {failure.detail}"
        elif failure.status is not None:
            self.answered()
        return ""

    def pause(self, seconds: float, rules: Rules) -> str:
        """Leave the host alone for a while; return why for good, or "".

        Replies that were under way when the pause began belong to it and do not count anew.
        """
        now = time.monotonic()
        self.pauses += self.resume <= now
        self.resume = max(self.resume, now + seconds)
        if seconds > rules.max_pause:
            return f"{self.name} asks us to come back in {seconds:.0f} s"
        if self.pauses > rules.retries:
            return f"{self.name} asked {self.pauses} times in a row for a pause"
        return ""
