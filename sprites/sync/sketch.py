"""What a run's picture is drawn from: attempts in, a bounded JSON document out.

A short run keeps a bar for each attempt. Where there are too many, the bars of a lane that lie
within a grain of time become one, and the grain doubles: the picture of a long run is that of a
short one, less sharp. How busy the workers were is summed up exactly.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from .records import Job, Outcome, ProbeJob, ResourceJob, Unchanged

MOST_BARS = 2000
_MOST_LANES = 256
"""Workers that get a lane of their own; whoever comes after them shares the last one."""
_MOST_PAUSES = 200
_MOST_BINS = 240
_FIRST_BIN = 0.01
"""Seconds of the first bins that the workers' time is summed up in."""


class Look(IntEnum):
    """What a bar shows; of two in one grain the later in this list counts."""

    UNCHANGED = 0
    IMAGE = 1
    JSON = 2
    RETRY = 3
    FAILURE = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """One attempt, or several that lie too close to be told apart; seconds since the run began."""

    lane: int
    start: float
    end: float
    look: Look
    count: int = 1


class Sketch:
    """The bars, pauses and busy time of a run so far."""

    def __init__(self, began: float) -> None:
        self._began = began
        self._grain = 0.0
        self._bars: list[Bar] = []
        self._lanes: dict[str, int] = {}
        self._tasks: list[int] = []
        self._seconds: list[float] = []
        self._looks = [0] * len(Look)
        self._pauses: list[tuple[float, float, str]] = []
        self._failed: set[int] = set()
        self._bin, self._busy = _FIRST_BIN, [0.0]

    def attempt(self, job: Job, outcome: Outcome) -> None:
        """Add an attempt; those without a meter, and the probe of the storage, are not drawn."""
        meter = outcome.meter
        if meter is None or isinstance(job, ProbeJob):
            return
        start = max(meter.started - self._began, 0.0)
        bar = Bar(self._lane(meter.worker), start, start + meter.seconds, self._look(job, outcome))
        self._tasks[bar.lane] += 1
        self._seconds[bar.lane] += meter.seconds
        self._looks[bar.look] += 1
        self._spend(bar.start, bar.end)
        self._bars.append(bar)
        while len(self._bars) > MOST_BARS:
            self._coarsen()

    def pause(self, host: str, now: float, seconds: float) -> None:
        """Add a time for which a host is left alone."""
        if len(self._pauses) < _MOST_PAUSES:
            self._pauses.append((round(now - self._began, 3), round(seconds, 3), host))

    def as_json(self) -> dict[str, Any]:
        """Return the sketch as a run's row keeps it; times in seconds, bars as start and length."""
        return {
            "bars": [
                (bar.lane, round(bar.start, 4), round(bar.end - bar.start, 4), bar.look, bar.count)
                for bar in self._bars
            ],
            "lanes": [
                (tasks, round(seconds, 3))
                for tasks, seconds in zip(self._tasks, self._seconds, strict=True)
            ],
            "looks": list(self._looks),
            "pauses": list(self._pauses),
            "bin": self._bin,
            "busy": [round(seconds / self._bin, 3) for seconds in self._busy],
            "grain": round(self._grain, 4),
        }

    def _lane(self, worker: str) -> int:
        lane = self._lanes.setdefault(worker, min(len(self._lanes), _MOST_LANES - 1))
        if lane == len(self._tasks):
            self._tasks.append(0)
            self._seconds.append(0.0)
        return lane

    def _look(self, job: Job, outcome: Outcome) -> Look:
        if outcome.failure is not None:
            self._failed.add(hash(job))
            return Look.FAILURE
        if self._failed and hash(job) in self._failed:
            self._failed.discard(hash(job))
            return Look.RETRY
        if isinstance(outcome.result, Unchanged):
            return Look.UNCHANGED
        return Look.JSON if isinstance(job, ResourceJob) else Look.IMAGE

    def _spend(self, start: float, end: float) -> None:
        """Add a worker's time to the bins that it lies in."""
        while end > self._bin * _MOST_BINS:
            self._bin *= 2
            self._busy = [sum(self._busy[i : i + 2]) for i in range(0, len(self._busy), 2)]
        first, last = int(start / self._bin), int(end / self._bin)
        self._busy += [0.0] * (last + 1 - len(self._busy))
        for place in range(first, last + 1):
            low, high = place * self._bin, (place + 1) * self._bin
            self._busy[place] += max(min(end, high) - max(start, low), 0.0)

    def _coarsen(self) -> None:
        """Double the grain, and make one bar of those that lie in the same."""
        span = max(bar.end for bar in self._bars)
        self._grain = max(2 * self._grain, span * len(self._tasks) / MOST_BARS)
        self._bars = list(_merged(self._bars, self._grain))


def _merged(bars: Iterable[Bar], grain: float) -> Iterable[Bar]:
    cells: dict[tuple[int, int], Bar] = {}
    for bar in bars:
        cell = bar.lane, int(bar.start / grain)
        cells[cell] = _joined(cells[cell], bar) if cell in cells else bar
    return cells.values()


def _joined(one: Bar, other: Bar) -> Bar:
    return replace(
        one,
        start=min(one.start, other.start),
        end=max(one.end, other.end),
        look=max(one.look, other.look),
        count=one.count + other.count,
    )
