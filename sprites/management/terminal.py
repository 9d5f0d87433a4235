"""How a run looks in a terminal: a SyncReport in; progress, a summary or JSON out."""

import json
import time
from contextlib import suppress
from dataclasses import asdict
from math import inf
from typing import Any, TextIO

from ..errors import MEANING
from ..sync.report import FailureReport, JsonCounts, SyncReport

_REDRAW_EVERY, _LINE_EVERY = 0.1, 10.0
"""Seconds between two drawings of the bar on a terminal, and two plain lines elsewhere."""
_MAX_LINES = 20


class Lossy:
    """A text stream in front of another one that drops what can't be written, and never raises.

    What a run tells of itself is not worth its end: the disk under a log may be full, the reader
    of a pipe gone.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write what the stream takes."""
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush what the stream takes."""
        with suppress(OSError, ValueError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Progress:
    """Shows how far a run is on a stream: a bar on a terminal, a line now and then elsewhere."""

    def __init__(self, stream: TextIO, *, quiet: bool) -> None:
        self._stream = stream
        self._bar = None if quiet or not stream.isatty() else _bar(stream)
        self._every = _REDRAW_EVERY if self._bar is not None else inf if quiet else _LINE_EVERY
        self._next = time.monotonic() + (0.0 if self._bar is not None else self._every)

    def show(self, report: SyncReport) -> None:
        """Draw how far the run is, if it is time to."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + self._every
        it = report.sprites
        done = it.stored + it.unchanged + it.missing + it.failed
        if self._bar is not None:
            self._bar.total, self._bar.n = it.wanted, done
            self._bar.set_postfix_str(f"{it.failed} failed", refresh=False)
            self._bar.refresh()
        else:
            print(
                f"{report.seconds:.0f} s: {report.pokemon.checked} Pokémon checked,"
                f" {done} of {it.wanted} sprites done, {it.failed} failed",
                file=self._stream,
                flush=True,
            )

    def close(self) -> None:
        """Clear the bar."""
        if self._bar is not None:
            self._bar.close()


def _bar(stream: TextIO) -> Any:
    from tqdm import tqdm  # costs a start-up without a terminal nothing

    tqdm.monitor_interval = 0  # no thread of its own: the run calls often enough
    return tqdm(file=stream, unit=" sprites", leave=False, dynamic_ncols=True)


def summary(report: SyncReport, *, dry_run: bool) -> str:
    """Return what a run did, in a few lines whose counts add up."""
    mon, it = report.pokemon, report.sprites
    untried = "to fetch" if dry_run else "not tried"
    busy = report.worker_seconds / report.seconds if report.seconds else 0.0
    lines = [
        f"Pokémon  {_checked(mon)}",
        f"Sprites  {it.wanted} wanted = {it.stored} stored + {it.unchanged} unchanged"
        f" + {it.missing} missing upstream + {it.failed} failed + {it.not_tried} {untried}",
        *_species(report),
        *_upkeep(report, dry_run),
        f"Network  {report.requests} requests, {report.retries} retries, {_size(report.bytes)}",
        f"Time     {report.seconds:.2f} s; {_workers(report)} ({report.executor}) worked"
        f" {report.worker_seconds:.2f} s: {busy:.1f} busy on average",
        *map(_failure, report.failures[:_MAX_LINES]),
    ]
    if len(report.failures) > _MAX_LINES:
        lines.append(f"  … and {len(report.failures) - _MAX_LINES} more failures")
    if dry_run:
        lines.append("A dry run: nothing was written.")
    return "\n".join(lines)


def _checked(it: JsonCounts) -> str:
    return (
        f"{it.checked} checked = {it.new} new + {it.changed} changed"
        f" + {it.unchanged} unchanged + {it.failed} failed"
    )


def _species(report: SyncReport) -> list[str]:
    return [f"Species  {_checked(report.species)}"] if report.species.checked else []


def _upkeep(report: SyncReport, dry_run: bool) -> list[str]:
    lines = []
    if report.repaired:
        lines.append(f"Repaired {report.repaired} sprites whose file was gone or damaged")
    if report.mixed:
        lines.append("Upstream was deployed anew meanwhile: the next run asks for all JSON again")
    if report.pruned:
        verb = "Would prune" if dry_run else "Pruned"
        lines.append(f"{verb} {report.pruned} sprites that upstream has not had for long")
    return lines


def _workers(report: SyncReport) -> str:
    """Say how many workers there were; one after another it is one, however many were asked for."""
    alone = report.workers == 1 or report.executor == "sync"
    return "1 worker" if alone else f"{report.workers} workers"


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB"


def _failure(item: FailureReport) -> str:
    what = f"{item.pokemon} {item.key or 'JSON'}"
    times = "1 attempt" if item.attempts == 1 else f"{item.attempts} attempts"
    return f"  {what}: {item.code}, {MEANING[item.code]} ({item.detail}; {times}) {item.url}"


def as_json(report: SyncReport) -> str:
    """Return a run's report as one JSON object; its names stay as they are."""
    document = asdict(report)
    failures = [failure._asdict() for failure in report.failures]
    document["failures"] = [failure | {"key": failure["key"] or None} for failure in failures]
    for name in ("seconds", "worker_seconds"):
        document[name] = round(document[name], 3)
    return json.dumps(document)
