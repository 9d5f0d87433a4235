"""A run drawn as lanes of workers: its timeline in, the geometry of an SVG and its words out.

Time runs to the right. Each worker has a lane, each attempt is a bar in it. Above the lanes a line
shows how many workers were busy. Where one bar stands for many attempts, each kind of attempt has
the share of its height that it had of the time. Everything is in units of the drawing.
"""

import math
from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import SyncRun
from ..sync.timeline import DRAWN_LANES, AttemptKind

WIDTH, LEFT, RIGHT = 960, 34, 954
"""The width of the drawing, and where its time begins and ends."""
_HALF_LABEL = 16
_BUSY = 64
"""The height of the line of busy workers."""
_MIN_BAR = 0.8

NAMES: dict[AttemptKind, str | Promise] = {
    AttemptKind.JSON: "JSON",
    AttemptKind.IMAGE: gettext_lazy("image"),
    AttemptKind.UNCHANGED: gettext_lazy("not changed"),
    AttemptKind.RETRY: gettext_lazy("tried again"),
    AttemptKind.FAILURE: gettext_lazy("failed attempt"),
}


class Series(NamedTuple):
    """All attempts of one kind as one path, with their name and number."""

    css: str
    name: str
    path: str
    attempts: int


class Lane(NamedTuple):
    """One worker: where its lane lies, and what it did."""

    number: int
    top: float
    middle: float
    tasks: int
    seconds: str
    share: str


class Pause(NamedTuple):
    """A time for which a host was left alone, in words as well."""

    left: float
    width: float
    words: str


def draw(run: SyncRun) -> "Drawing | None":
    """Lay out a run's picture; None where nothing was attempted yet."""
    return Drawing(run) if run.picture.get("bars") else None


class Drawing:
    """What a template needs to write the picture of a run and its text alternative."""

    width, left, right = WIDTH, LEFT, RIGHT
    axis = LEFT - 6
    """Where the numbers beside the scales end."""
    busy_top, busy_bottom = 14, 14 + _BUSY
    lanes_top = busy_bottom + 26

    def __init__(self, run: SyncRun) -> None:
        timeline: dict[str, Any] = run.picture
        self._run, self._timeline = run, timeline
        ends = (start + length for _lane, start, length, *_spent in timeline["bars"])
        self._span = max(run.seconds, *ends, 0.001)
        self._shown = min(len(timeline["lanes"]), DRAWN_LANES)
        self._pitch = max(min(22.0, 420 / self._shown), 6.0)
        self.lane_height = round(self._pitch * 0.78, 2)
        self.lanes_bottom = round(self._y(self._shown), 2)
        self.lanes_tall = round(self.lanes_bottom - self.lanes_top, 2)
        self.height = round(self.lanes_bottom + 22, 2)
        self.hidden_lanes = len(timeline["lanes"]) - self._shown
        self.workers = max(run.workers, 1)
        self.merged = timeline["grain"] > 0

    def _x(self, seconds: float) -> float:
        x: float = LEFT + (RIGHT - LEFT) * min(seconds / self._span, 1.0)
        return round(x, 1)

    def _y(self, lane: int) -> float:
        return self.lanes_top + lane * self._pitch

    @cached_property
    def lanes(self) -> list[Lane]:
        """Return the lanes that are drawn."""
        return [
            Lane(
                number=place + 1,
                top=round(self._y(place), 2),
                middle=round(self._y(place) + self.lane_height / 2, 2),
                tasks=tasks,
                seconds=number_format(round(seconds, 2), 2),
                share=f"{min(seconds / self._span, 1.0):.0%}",
            )
            for place, (tasks, seconds) in enumerate(self._timeline["lanes"][: self._shown])
        ]

    @cached_property
    def series(self) -> list[Series]:
        """Return the bars of each kind that there was."""
        paths: dict[AttemptKind, list[str]] = {kind: [] for kind in NAMES}
        for bar in self._timeline["bars"]:
            for kind, path in self._parts(*bar):
                paths[kind].append(path)
        counts = self._timeline["kinds"]
        return [
            Series(kind.name.lower(), str(name), "".join(paths[kind]), counts[kind])
            for kind, name in NAMES.items()
            if counts[kind]
        ]

    def _parts(
        self, lane: int, start: float, length: float, *spent: float
    ) -> Iterator[tuple[AttemptKind, str]]:
        """Draw the share of each kind, one above the other; the rest of a bar stays empty."""
        unit = self.lane_height / max(length, sum(spent), 1e-9)
        x, top = self._x(start), self._y(lane) + self.lane_height
        # A little less than its time, so that a gap is seen before the next bar.
        width = max((RIGHT - LEFT) * min(length / self._span, 1.0) - 0.4, _MIN_BAR)
        for kind, seconds in zip(AttemptKind, spent, strict=False):
            if seconds:
                top -= seconds * unit
                yield kind, f"M{x:.1f} {top:.1f}h{width:.1f}v{seconds * unit:.2f}h-{width:.1f}z"

    @cached_property
    def marks(self) -> str:
        """Return crosses on failed attempts, so that colour is not needed; none over another."""
        arm = max(min(self.lane_height / 2 - 2, 3.5), 2.0)
        last: dict[int, float] = {}
        path = ""
        for lane, time in self._timeline["failures"]:
            x, y = self._x(time), self._y(lane) + self.lane_height / 2
            if abs(x - last.get(lane, -WIDTH)) > 3 * arm:
                last[lane] = x
                path += f"M{x - arm:.1f} {y - arm:.1f}l{2 * arm:.1f} {2 * arm:.1f}"
                path += f"m0 -{2 * arm:.1f}l-{2 * arm:.1f} {2 * arm:.1f}"
        return path

    @cached_property
    def pauses(self) -> list[Pause]:
        """Return the pauses; those of one host that meet are one."""
        spans: dict[str, list[tuple[float, float]]] = {}
        for start, seconds, host in self._timeline["pauses"]:
            known = spans.setdefault(host, [])
            first, last = known.pop() if known and start <= known[-1][1] else (start, start)
            known.append((first, max(last, start + seconds)))
        return [self._pause(host, *span) for host, found in spans.items() for span in found]

    def _pause(self, host: str, first: float, last: float) -> Pause:
        words = _("%(host)s asked for a pause of %(seconds)s s") % {
            "host": host,
            "seconds": number_format(round(last - first, 1), 1),
        }
        return Pause(self._x(first), round(self._x(last) - self._x(first), 1), words)

    @cached_property
    def busy(self) -> str:
        """Return the number of busy workers as an area, as exact as its bins."""
        path = f"M{LEFT} {self.busy_bottom}"
        for place, busy in enumerate(self._timeline["busy"], start=1):
            y = self.busy_bottom - _BUSY * min(busy / self.workers, 1.0)
            path += f"V{y:.1f}H{self._x(place * self._timeline['bin']):.1f}"
        return f"{path}V{self.busy_bottom}z"

    @cached_property
    def ticks(self) -> list[tuple[float, str]]:
        """Return place and words of the marks of time: eight at the most, at round numbers."""
        step = _round_up(self._span / 8)
        digits = max(-math.floor(math.log10(step)), 0)
        times = [place * step for place in range(int(self._span / step) + 1)]
        return [
            (self._x(time), f"{number_format(round(time, digits), digits)} s")
            for time in times
            if self._x(time) < WIDTH - _HALF_LABEL
        ]

    @cached_property
    def sentence(self) -> str:
        """Say what it shows: 8 workers, 7.6 busy on average; 11.4 s of work in 1.5 s."""
        work = sum(seconds for _tasks, seconds in self._timeline["lanes"])
        whole = self._run.seconds
        numbers = {"busy": work / whole if whole else 0.0, "work": work, "seconds": whole}
        return _(
            "%(workers)s workers, %(busy)s busy on average; %(work)s s of work in %(seconds)s s."
        ) % {
            "workers": self._run.workers,
            **{name: number_format(round(number, 1), 1) for name, number in numbers.items()},
        }


def _round_up(number: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, …"""
    power: float = 10.0 ** math.floor(math.log10(number))
    return next((step * power for step in (1, 2, 5) if step * power >= number), 10 * power)
