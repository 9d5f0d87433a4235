"""What the schedule knows of a host by its answers and failures: to ask it, rest it, or stop.

A host in trouble is rested, then probed with one job at a time, and trusted again at the first
answer. All that fails before a rest is over is one event, however many jobs it hits.
"""

import math
import random
import time
from dataclasses import dataclass, field
from typing import NamedTuple

from ..errors import Code
from ..worker.records import Failure

_REFUSALS = frozenset({Code.BLOCKED, Code.TLS})
_SILENCES = frozenset({Code.TIMEOUT, Code.HTTP_5XX, Code.CONNECTION, Code.TRUNCATED})
_UNMISTAKABLE = frozenset({Code.UNREACHABLE, Code.RATE_LIMITED})
_HOW = {
    Code.UNREACHABLE: "can't be reached",
    Code.RATE_LIMITED: "only asks us to slow down",
    Code.TIMEOUT: "does not answer",
}
_SURE = 4
"""Silences prove that a host is down when they are this many times those that rest it."""
_MIN_ROUNDS = 3
"""Failures with a rest between them, at the least, before a host is given up."""


class Rules(NamedTuple):
    """How often and how fast; times in seconds, ``rate`` in requests a second.

    ``back_off`` is the longest wait after a job's first failure; each further one doubles it.
    ``patience`` is how long no job may come back though some are out.
    """

    retries: int
    max_pause: float
    max_outage: float
    breaker: int
    rate: float | None = None
    back_off: float = 1.0
    patience: float = 120.0

    def delay(self, failures: int) -> float:
        """Return how long a job waits that has failed so often.

        With four retries these add up to more than 11 s, so that an outage of ten costs no job.
        """
        longest = min(self.back_off * 2 ** (failures - 1), 10 * self.back_off)
        return random.uniform(0.75 * longest, longest)

    def rest(self, rounds: int) -> float:
        """Return how long a host is left alone that has not answered in so many rounds."""
        return self.back_off * min(rounds / 2, 1.5)


@dataclass(slots=True, eq=False)
class Host:
    """The account of what one host serves since it last answered; jobs are known by number.

    ``resume`` is when it may be asked again, ``is_down`` that its failures are not its jobs' own.
    """

    name: str
    resume: float = 0.0
    answered_at: float = -math.inf
    is_down: bool = False
    _rounds: int = 0
    _since: float = 0.0
    _pauses: int = 0
    _silent: set[int] = field(default_factory=set)
    _refusals: set[int] = field(default_factory=set)
    _unstored: set[int] = field(default_factory=set)

    @property
    def in_trouble(self) -> bool:
        """Tell whether it is being rested or probed."""
        return self._rounds > 0

    def answered(self, sent: float) -> None:
        """Note that the host did its work; an answer from before its trouble proves nothing."""
        if self.in_trouble and sent < self.resume:
            return
        self.answered_at, self.is_down = time.monotonic(), False
        self._rounds = self._pauses = 0
        for failed in (self._silent, self._refusals, self._unstored):
            failed.clear()

    def failed(self, job: int, sent: float, failure: Failure, rules: Rules) -> str:
        """Note a job's failure, and when it was sent; return why the run must stop, or ""."""
        code = failure.code
        if code in _REFUSALS:
            self._refusals.add(job)
            if len(self._refusals) >= rules.breaker:
                return f"{self.name} refused {len(self._refusals)} in a row: {failure.detail}"
        elif code is Code.STORAGE:
            self._unstored.add(job)
            if len(self._unstored) >= _SURE * rules.breaker:
                return f"the media storage failed {len(self._unstored)} in a row: {failure.detail}"
        elif code in _UNMISTAKABLE or failure.retry_after:
            self.is_down = True
            return self._rest(sent, failure, rules, is_sure=True)
        elif code in _SILENCES:
            is_new = job not in self._silent  # one that fails again says less of its host
            self._silent.add(job)
            self.is_down = self.is_down or len(self._silent) >= _SURE * rules.breaker
            if len(self._silent) >= rules.breaker:
                return self._rest(sent, failure, rules, is_sure=self.is_down or is_new)
        elif failure.status is not None:
            self.answered(sent)
        return ""

    def _rest(self, sent: float, failure: Failure, rules: Rules, *, is_sure: bool) -> str:
        """Leave the host alone for a while, or if that is sure for good, and then say why."""
        now, asked = time.monotonic(), failure.retry_after or 0.0
        is_new = sent >= self.resume
        if is_new:
            self._since = self._since if self.in_trouble else now
            self._rounds += 1
            self._pauses += asked > 0
        if is_new or asked:
            self.pause(now + max(asked, rules.rest(self._rounds)))
        if asked:
            return self._asked_too_much(asked, rules)
        seconds = now - self._since
        if not is_sure or seconds < rules.max_outage or self._rounds < _MIN_ROUNDS:
            return ""
        how = _HOW.get(failure.code, "only fails")
        return f"{self.name} {how}, for {seconds:.0f} s: {failure.detail}"

    def _asked_too_much(self, seconds: float, rules: Rules) -> str:
        if seconds > rules.max_pause:
            return f"{self.name} asks us to come back in {seconds:.0f} s"
        if self._pauses > rules.retries:
            return f"{self.name} asked {self._pauses} times in a row for a pause"
        return ""

    def pause(self, until: float) -> None:
        """Leave the host alone until then at least."""
        self.resume = max(self.resume, until)
