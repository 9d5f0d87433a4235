"""What a part of the measurement found: figures against what they must reach, tables, and bars."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure's median, minimum and maximum over the rounds."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, figures: Iterable[float]) -> Self:
        """Return the spread of some figures."""
        ordered = sorted(figures)
        return cls(statistics.median(ordered), ordered[0], ordered[-1])

    def __format__(self, form: str) -> str:
        median, low, high = (format(each, form or ".2f") for each in astuple(self))
        return f"{median} ({low}–{high})" if low != high else median


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure may be at most, and what it was."""

    what: str
    at_most: float
    reached: Spread

    @property
    def row(self) -> tuple[str, ...]:
        """Return what a table of targets says."""
        verdict = "yes" if self.reached.median <= self.at_most else "**no**"
        return self.what, f"{self.at_most:g}", f"{self.reached:.4g}", verdict


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a heading; ``note`` says what was measured, and with which command."""

    heading: str
    note: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Findings:
    """All that a part found, and when; ``bars`` are spreads of seconds by name, for a plot."""

    targets: Sequence[Target] = ()
    tables: Sequence[Table] = ()
    bars: Mapping[str, Spread] = field(default_factory=dict)
    when: str = ""

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Self:
        """Return what was kept as JSON."""
        return cls(
            [Target(**{**each, "reached": Spread(**each["reached"])}) for each in kept["targets"]],
            [Table(**each) for each in kept["tables"]],
            {name: Spread(**each) for name, each in kept["bars"].items()},
            kept["when"],
        )
