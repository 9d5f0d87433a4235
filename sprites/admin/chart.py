"""A run drawn as lanes of workers: its timeline in, the geometry of an SVG and its words out.

Time runs to the right, a lane a worker, a bar an attempt; above the lanes how many were busy. Where
a bar is many attempts, each kind has the share of its height that it had of the time.
Everything is in units of the drawing; a template writes the SVG.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import SyncRun
from ..sync.timeline import DRAWN_LANES, Look

WIDTH, LEFT, RIGHT = 960, 34, 6
_BUSY = 64
"""The height of the line of busy workers."""
_TOP = 14
_GAP_BELOW_BUSY = 26
_THINNEST = 0.8
_STEPS = (1, 2, 5)

NAMES: dict[Look, str | Promise] = {
    Look.JSON: "JSON",
    Look.IMAGE: gettext_lazy("image"),
    Look.UNCHANGED: gettext_lazy("not changed"),
    Look.RETRY: gettext_lazy("tried again"),
    Look.FAILURE: gettext_lazy("failed attempt"),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """All that was of one look as one path, with its name and how many attempts they are."""

    css: str
    name: str
    path: str
    count: int


@dataclass(frozen=True, slots=True)
class Lane:
    """One worker: where its lane lies, and what it did."""

    number: int
    top: float
    middle: float
    tasks: int
    seconds: str
    share: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """What the template needs to write the picture and its text alternative."""

    height: float
    lane_height: float
    lanes_top: float
    lanes_bottom: float
    lanes_tall: float
    lanes: list[Lane]
    hidden_lanes: int
    shapes: list[Shape]
    marks: str
    pauses: list[tuple[str, str, str]]
    busy: str
    busy_top: int
    ticks: list[tuple[str, str]]
    sentence: str
    merged: bool


def draw(run: SyncRun) -> Drawing | None:
    """Lay out a run's picture; None where nothing was attempted yet."""
    timeline: dict[str, Any] = run.picture
    if not timeline.get("bars"):
        return None
    return _Layout(run, timeline).drawing()


class _Layout:
    """The scales of one picture."""

    def __init__(self, run: SyncRun, timeline: dict[str, Any]) -> None:
        self._run, self._timeline = run, timeline
        ends = (start + length for _lane, start, length, *_spent in timeline["bars"])
        self._span = max(run.seconds, *ends, 0.001)
        shown = min(len(timeline["lanes"]), DRAWN_LANES)
        self._pitch = max(min(22.0, 420 / shown), 6.0)
        self._thick = self._pitch * 0.78
        self._lanes_top = _TOP + _BUSY + _GAP_BELOW_BUSY
        self._lanes_bottom = self._lanes_top + shown * self._pitch
        self._shown = shown

    def drawing(self) -> Drawing:
        """Lay out all of it."""
        timeline = self._timeline
        return Drawing(
            height=round(self._lanes_bottom + 22, 2),
            lane_height=round(self._thick, 2),
            lanes_top=self._lanes_top,
            lanes_bottom=round(self._lanes_bottom, 2),
            lanes_tall=round(self._lanes_bottom - self._lanes_top, 2),
            lanes=[self._lane(*item) for item in enumerate(timeline["lanes"][: self._shown])],
            hidden_lanes=len(timeline["lanes"]) - self._shown,
            shapes=list(self._shapes()),
            marks="".join(self._marks()),
            pauses=list(self._pauses()),
            busy=self._busy(),
            busy_top=max(self._run.workers, 1),
            ticks=list(self._ticks()),
            sentence=sentence(self._run, timeline),
            merged=timeline["grain"] > 0,
        )

    def _x(self, seconds: float) -> float:
        x: float = LEFT + (WIDTH - LEFT - RIGHT) * min(seconds / self._span, 1.0)
        return x

    def _y(self, lane: int) -> float:
        return self._lanes_top + lane * self._pitch

    def _lane(self, place: int, facts: tuple[int, float]) -> Lane:
        tasks, seconds = facts
        share = min(seconds / self._span, 1.0)
        return Lane(
            number=place + 1,
            top=round(self._y(place), 2),
            middle=round(self._y(place) + self._thick / 2, 2),
            tasks=tasks,
            seconds=number_format(round(seconds, 2), 2),
            share=f"{share:.0%}",
        )

    def _shapes(self) -> Iterator[Shape]:
        paths: dict[Look, list[str]] = {look: [] for look in NAMES}
        for bar in self._timeline["bars"]:
            for look, path in self._parts(*bar):
                paths[look].append(path)
        counts = self._timeline["looks"]
        for look, name in NAMES.items():
            if counts[look]:
                yield Shape(look.name.lower(), str(name), "".join(paths[look]), counts[look])

    def _parts(
        self, lane: int, start: float, length: float, *spent: float
    ) -> Iterator[tuple[Look, str]]:
        """Draw the share of each look, one above the other; what is free above them is paper."""
        unit = self._thick / max(length, sum(spent), 1e-9)
        x, width, top = self._x(start), self._width(length), self._y(lane) + self._thick
        for look, seconds in zip(Look, spent, strict=False):
            if seconds:
                tall = seconds * unit
                top -= tall
                yield look, f"M{x:.1f} {top:.1f}h{width:.1f}v{tall:.2f}h-{width:.1f}z"

    def _width(self, seconds: float) -> float:
        """Return a bar's width, with a hair of paper left between it and the next."""
        return max(self._x(seconds) - LEFT - 0.4, _THINNEST)

    def _marks(self) -> Iterator[str]:
        """Draw crosses on failed attempts, so that the hue need not be seen; none over another."""
        arm = max(min(self._thick / 2 - 2, 3.5), 2.0)
        last: dict[int, float] = {}
        for lane, time in self._timeline["failures"]:
            x, y = self._x(time), self._y(lane) + self._thick / 2
            if abs(x - last.get(lane, -WIDTH)) > 3 * arm:
                last[lane] = x
                yield f"M{x - arm:.1f} {y - arm:.1f}l{2 * arm:.1f} {2 * arm:.1f}"
                yield f"m0 -{2 * arm:.1f}l-{2 * arm:.1f} {2 * arm:.1f}"

    def _pauses(self) -> Iterator[tuple[str, str, str]]:
        """Return left edge, width and words of each pause; those of one host that meet are one."""
        ends: dict[str, tuple[float, float]] = {}
        for start, seconds, host in self._timeline["pauses"]:
            first, last = ends.get(host, (start, start))
            if start > last:
                yield self._pause(host, first, last)
                first = start
            ends[host] = first, max(last, start + seconds)
        for host, (first, last) in ends.items():
            yield self._pause(host, first, last)

    def _pause(self, host: str, first: float, last: float) -> tuple[str, str, str]:
        words = _("%(host)s asked for a pause of %(seconds)s s") % {
            "host": host,
            "seconds": number_format(round(last - first, 1), 1),
        }
        return f"{self._x(first):.1f}", f"{self._x(last) - self._x(first):.1f}", words

    def _busy(self) -> str:
        """Draw the number of busy workers as an area, as exact as its bins."""
        width, bottom = self._timeline["bin"], _TOP + _BUSY
        top = max(self._run.workers, 1)
        path = f"M{LEFT} {bottom}"
        for place, busy in enumerate(self._timeline["busy"]):
            path += (
                f"V{bottom - _BUSY * min(busy / top, 1.0):.1f}H{self._x((place + 1) * width):.1f}"
            )
        return f"{path}V{bottom}z"

    def _ticks(self) -> Iterator[tuple[str, str]]:
        """Return place and words of the marks of time: eight at the most, at round numbers."""
        step = _round_up(self._span / 8)
        digits = max(-math.floor(math.log10(step)), 0)
        for place in range(int(self._span / step) + 1):
            yield (
                f"{self._x(place * step):.1f}",
                f"{number_format(round(place * step, digits), digits)} s",
            )


def _round_up(number: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, …"""
    power: float = 10.0 ** math.floor(math.log10(number))
    return next((step * power for step in _STEPS if step * power >= number), 10 * power)


def sentence(run: SyncRun, timeline: dict[str, Any]) -> str:
    """Say what the picture shows: 8 workers, 7.6 busy on average; 11.4 s of work in 1.5 s."""
    seconds = sum(seconds for _tasks, seconds in timeline["lanes"])
    busy = seconds / run.seconds if run.seconds else 0.0
    return _(
        "%(workers)s workers, %(busy)s busy on average; %(work)s s of work in %(seconds)s s."
    ) % {
        "workers": run.workers,
        "busy": number_format(round(busy, 1), 1),
        "work": number_format(round(seconds, 1), 1),
        "seconds": number_format(round(run.seconds, 1), 1),
    }
