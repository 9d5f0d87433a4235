"""When each worker did what in a run, as a JSON document of bounded size; the admin draws it.

A short run keeps a bar for each attempt. Where there are too many, the bars of a lane that begin
within a grain of time become one that knows how long each kind of attempt took: the picture of a
long run is that of a short one, less sharp. How busy the workers were is summed up exactly, and a
failed attempt keeps its place.
"""

from dataclasses import dataclass
from enum import IntEnum
from time import monotonic
from typing import Any

from ..worker.records import Job, ProbeJob, ResourceJob, Unchanged
from .events import Attempt, Pause

MAX_BARS = 2000
DRAWN_LANES = 64
"""Workers whose lanes are drawn."""
_MAX_LANES = 256
"""Workers that are counted by themselves; whoever comes after them is counted with the last."""
_MAX_PAUSES = 200
_MAX_BINS = 240
_MAX_MARKS = 400
"""Failed attempts that keep a mark; where there are more, one stands for those beside it."""
_FIRST_BIN = 0.01
"""Seconds of the first bins that the workers' time is summed up in."""
_NEWS_EVERY = 5.0
"""Seconds; to write two thousand bars takes a twentieth of one."""


class AttemptKind(IntEnum):
    """What an attempt was; a bar is drawn in this order from the bottom up."""

    UNCHANGED = 0
    IMAGE = 1
    JSON = 2
    RETRY = 3
    FAILURE = 4


@dataclass(slots=True)
class Bar:
    """One attempt, or several that lie too close to be told apart; seconds since the run began.

    ``spent`` has the seconds of each kind up to the last one, of all attempts together.
    """

    lane: int
    start: float
    end: float
    spent: list[float]

    def join(self, other: "Bar") -> None:
        """Take in what another bar says."""
        self.start, self.end = min(self.start, other.start), max(self.end, other.end)
        self.spent += [0.0] * (len(other.spent) - len(self.spent))
        for kind, seconds in enumerate(other.spent):
            self.spent[kind] += seconds


class Timeline:
    """The bars, pauses and busy time of a run so far."""

    def __init__(self, began: float) -> None:
        self._began, self._told = began, -_NEWS_EVERY
        self._grain = 0.0
        self._bars: dict[tuple[int, int], Bar] = {}
        self._lanes: dict[str, int] = {}
        self._tasks: list[int] = []
        self._seconds: list[float] = []
        self._kinds = [0] * len(AttemptKind)
        self._pauses: list[tuple[float, float, str]] = []
        self._marks: list[tuple[int, float]] = []
        self._mark_grain = _FIRST_BIN
        self._bin, self._busy = _FIRST_BIN, [0.0]

    def add(self, event: Attempt[Job] | Pause) -> None:
        """Add an attempt, or a time for which a host is left alone."""
        if isinstance(event, Attempt):
            self._attempt(event)
        elif len(self._pauses) < _MAX_PAUSES:
            start = round(event.at - self._began, 3)
            self._pauses.append((start, round(event.seconds, 3), event.host))

    def _attempt(self, attempt: Attempt[Job]) -> None:
        """Add an attempt; those without a meter, and the probe of the storage, are not drawn."""
        meter = attempt.outcome.meter
        if meter is None or isinstance(attempt.job, ProbeJob):
            return
        start = max(meter.started - self._began, 0.0)
        lane, kind = self._lane(meter.worker), _kind(attempt)
        self._tasks[lane] += 1
        self._seconds[lane] += meter.seconds
        self._kinds[kind] += 1
        self._spend(start, start + meter.seconds)
        if lane < DRAWN_LANES:
            self._draw(lane, start, meter.seconds, kind)

    def news(self) -> dict[str, Any] | None:
        """Return the timeline for those who watch the run, unless they have got it just now."""
        if (now := monotonic()) < self._told + _NEWS_EVERY:
            return None
        self._told = now
        return self.as_json()

    def as_json(self) -> dict[str, Any]:
        """Return the timeline as a run's row keeps it, times in seconds.

        A bar is its lane, its start, its length, and the seconds of each kind up to the last one.
        """
        return {
            "bars": [_written(bar) for bar in self._bars.values()],
            "failures": [(lane, round(time, 3)) for lane, time in self._marks],
            "lanes": [
                (tasks, round(seconds, 3))
                for tasks, seconds in zip(self._tasks, self._seconds, strict=True)
            ],
            "kinds": list(self._kinds),
            "pauses": list(self._pauses),
            "bin": self._bin,
            "busy": [round(seconds / self._bin, 3) for seconds in self._busy],
            "grain": round(self._grain, 4),
        }

    def _lane(self, worker: str) -> int:
        lane = self._lanes.setdefault(worker, min(len(self._lanes), _MAX_LANES - 1))
        if lane == len(self._tasks):
            self._tasks.append(0)
            self._seconds.append(0.0)
        return lane

    def _spend(self, start: float, end: float) -> None:
        """Add a worker's time to the bins that it lies in."""
        while end > self._bin * _MAX_BINS:
            self._bin *= 2
            self._busy = [sum(self._busy[i : i + 2]) for i in range(0, len(self._busy), 2)]
        first, last = int(start / self._bin), int(end / self._bin)
        self._busy += [0.0] * (last + 1 - len(self._busy))
        for place in range(first, last):
            edge = (place + 1) * self._bin
            self._busy[place] += edge - start
            start = edge
        self._busy[last] += end - start

    def _draw(self, lane: int, start: float, seconds: float, kind: AttemptKind) -> None:
        self._put(Bar(lane, start, start + seconds, [0.0] * kind + [seconds]))
        if len(self._bars) > MAX_BARS:
            self._coarsen()
        if kind == AttemptKind.FAILURE:
            self._marks.append((lane, start + seconds / 2))
        while len(self._marks) > _MAX_MARKS:
            self._thin_out()

    def _put(self, bar: Bar) -> None:
        """Join a bar to the one of its lane and grain; without grains each stands by itself."""
        cell = bar.lane, int(bar.start / self._grain) if self._grain else len(self._bars)
        if cell in self._bars:
            self._bars[cell].join(bar)
        else:
            self._bars[cell] = bar

    def _thin_out(self) -> None:
        """Keep of the marks that lie in the same grain the first, and double the grain."""
        kept: dict[tuple[int, int], tuple[int, float]] = {}
        for lane, time in self._marks:
            kept.setdefault((lane, int(time / self._mark_grain)), (lane, time))
        self._marks = list(kept.values())
        self._mark_grain *= 2

    def _coarsen(self) -> None:
        """Make one bar of those that begin in the same grain, until there is room again."""
        span = max(bar.end for bar in self._bars.values())
        while len(self._bars) > MAX_BARS / 2:
            self._grain = 2 * self._grain or max(span / MAX_BARS, _FIRST_BIN)
            bars, self._bars = self._bars, {}
            for bar in bars.values():
                self._put(bar)


def _kind(attempt: Attempt[Job]) -> AttemptKind:
    if attempt.outcome.failure is not None:
        return AttemptKind.FAILURE
    if attempt.number > 1:
        return AttemptKind.RETRY
    if isinstance(attempt.outcome.result, Unchanged):
        return AttemptKind.UNCHANGED
    return AttemptKind.JSON if isinstance(attempt.job, ResourceJob) else AttemptKind.IMAGE


def _written(bar: Bar) -> tuple[float, ...]:
    spent = [round(seconds, 4) for seconds in bar.spent]
    return bar.lane, round(bar.start, 4), round(bar.end - bar.start, 4), *spent
