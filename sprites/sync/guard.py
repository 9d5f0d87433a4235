"""Stops a run to which upstream says too much that can't be true.

A 404 for a stored sprite is held back until the run knows how many of them there are, and so is a
document that lists one no more: few are believed, many are a fault of upstream.
"""

from ..errors import Code
from ..models import Sprite
from ..worker.records import Failure
from .known import Known, KnownSprite
from .stop import ExitCode, Stop, StoppedError

_FEW = 5
"""Fewer losses than this are believed, whatever share they are."""
_BAD_URLS, _BAD_SHARE = 20, 0.1
"""With this many refused URLs that are this share of all, the JSON can't be trusted."""
_IF_RIGHT = "if that is right, set SPRITES_MAX_SHRINK=1 once"


def is_too_much(lost: int, of: int, share: float) -> bool:
    """Tell whether so many of so many are more than may be lost at once."""
    return lost >= _FEW and lost > share * of


class Guard:
    """Counts the losses and the refused URLs of a run, and stops it where there are too many.

    ``share`` is how much may be lost at once, ``stored`` how many sprites there are at least.
    """

    def __init__(self, stop: Stop, share: float, stored: int) -> None:
        self._stop, self._share, self._stored = stop, share, stored
        self._missing: set[int] = set()
        self._wanted = self._looked_at = self._gone = 0
        self._listed = self._dropped = self._bad_urls = 0

    def compare_lists(self, before: int, now: int) -> None:
        """Raise StoppedError where upstream's list is much shorter than it was."""
        if now < before * (1 - self._share):
            why = f"upstream's list shrank from {before} to {now} Pokémon; {_IF_RIGHT}"
            self._stop.ask(ExitCode.STOPPED, why)
            raise StoppedError

    def look_at(self, pokemon: int, key: str, known: KnownSprite | None) -> None:
        """Note a wanted sprite: if it is stored it could go, unless it is missing already."""
        self._wanted += 1
        if known and known.file:
            if known.state == Sprite.State.MISSING:
                self._missing.add(hash((pokemon, key)))
            else:
                self._looked_at += 1

    def is_loss(self, pokemon: int, key: str) -> bool:
        """Note a 404 of a stored sprite; tell whether it was not missing before."""
        if hash((pokemon, key)) in self._missing:
            return False
        self._gone += 1
        self._check(self._stored)
        return True

    def read(self, known: Known, dropped: int = 0) -> None:
        """Note a document, and how many stored sprites it lists no more."""
        self._listed += known.stored_count
        self._dropped += dropped
        self._check(self._stored)

    def are_small(self) -> bool:
        """Tell, at the end, whether what seems to be lost may be believed."""
        return self._check()

    def _check(self, stored: int = 0) -> bool:
        if is_too_much(self._gone, max(self._looked_at, stored), self._share):
            what = f"{self._gone} of {self._looked_at} stored sprites are gone (404)"
        elif is_too_much(self._dropped, max(self._listed, stored), self._share):
            what = f"{self._dropped} of {self._listed} stored sprites are not listed"
        else:
            return True
        self._stop.ask(ExitCode.STOPPED, f"{what} upstream any more; {_IF_RIGHT}")
        return False

    def refuse(self, url: str, failure: Failure) -> None:
        """Note a sprite that can't be asked for."""
        if failure.code not in (Code.BAD_URL, Code.URL_NOT_ALLOWED):
            return
        self._bad_urls += 1
        if self._bad_urls >= max(_BAD_URLS, _BAD_SHARE * self._wanted):
            self._stop.ask(
                ExitCode.STOPPED,
                f"{self._bad_urls} of {self._wanted} sprite URLs are refused, the last one"
                f" {url}: {failure.detail} (SPRITES_ALLOWED_ORIGINS)",
            )
