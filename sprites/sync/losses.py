"""What upstream seems to have lost: little of it is believed, much of it is a fault of upstream.

A 404 of a stored sprite, and a document that lists one no more, are held back until the run knows
how many there are of how many.
"""

from dataclasses import dataclass

_FEW = 5
"""Fewer losses than this are believed, whatever share they are."""


def is_too_much(lost: int, of: int, share: float) -> bool:
    """Tell whether so many of so many are more than may be lost at once."""
    return lost >= _FEW and lost > share * of


@dataclass(slots=True)
class Losses:
    """The stored sprites that a run has looked at, and which of them upstream has no more."""

    share: float
    looked_at: int = 0
    gone: int = 0
    listed: int = 0
    dropped: int = 0

    def complaint(self, stored: int = 0) -> str:
        """Say that upstream can't be believed, or ""; ``stored`` is how many there are at least."""
        if is_too_much(self.gone, max(self.looked_at, stored), self.share):
            return self._tell(f"{self.gone} of {self.looked_at} stored sprites are gone (404)")
        if is_too_much(self.dropped, max(self.listed, stored), self.share):
            return self._tell(f"{self.dropped} of {self.listed} stored sprites are not listed")
        return ""

    def _tell(self, what: str) -> str:
        return f"{what} upstream any more; if that is right, set SPRITES_MAX_SHRINK=1 once"
