"""The only writer of synced rows: takes entries, writes them in batches, and returns them.

A file stands before its row is written; the file that it replaces is deleted when the run ends,
long after the commit. A batch that the database refuses is halved until the bad row is found.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from itertools import accumulate, groupby, takewhile
from typing import Any

from django.db import DatabaseError, reset_queries, router
from django.db.transaction import atomic

from ..models import Sprite, revise
from ..worker.storage import Store
from . import cleanup
from .entries import (
    DocumentEntry,
    Entry,
    Members,
    Planned,
    PokemonEntry,
    SpeciesEntry,
    SpriteEntry,
    Verdict,
)
from .lock import RunLock
from .reconnect import reconnecting
from .save import (
    delete_lone_species,
    save_documents,
    save_generations,
    save_pokemon,
    save_species,
    save_sprites,
)

logger = logging.getLogger(__name__)

Written = DocumentEntry | PokemonEntry | SpeciesEntry | SpriteEntry
"""An entry that has a row."""

_PLACES: dict[object, int] = {
    kind: place for place, kind in enumerate((DocumentEntry, PokemonEntry, SpeciesEntry, *Verdict))
}
"""What is written first: a generation's document before its Pokémon, for then it is not asked for
again. The sprites of a verdict have the same columns."""

_FLUSH_EVERY = 0.25
"""Seconds between two batches."""
_BATCH = 250
"""Sprites that are written at once. While many new Pokémon come, batches follow each other, but no
longer one keeps the parent from giving workers the next jobs."""
_SPECIES = 10
"""Sprites that take as long as a species with its names."""


class DryRun:
    """A writer that writes nothing, and returns all that it takes as if it had."""

    def __init__(self) -> None:
        self._taken: list[Entry] = []
        self.is_due, self.has_more, self.is_abandoned = True, False, False

    def take(self, entry: Entry) -> None:
        """Take an entry."""
        self._taken.append(entry)

    def believe(self, is_true: bool) -> None:
        """Do nothing: what is doubtful is returned like all else."""

    def flush(self) -> list[Entry]:
        """Return what was taken."""
        taken, self._taken = self._taken, []
        return taken

    def abandon(self) -> None:
        """Do nothing: there is no file to take back."""

    def finish(self) -> bool:
        """Tell that no file is left without a row."""
        return True


class Writer:
    """Gathers entries and writes them in batches, for as long as it holds the lock.

    What is doubtful is written once it is believed.
    """

    def __init__(self, store: Store, lock: RunLock) -> None:
        self._store, self._lock = store, lock
        self._alias = router.db_for_write(Sprite)
        self._waiting: list[Written] = []
        self._weight = 0
        self._doubtful: list[SpriteEntry | PokemonEntry] = []
        self._done: list[Entry] = []
        self._replaced: list[str] = []
        self._generations: dict[str, int] = {}
        self._saves: dict[object, Callable[[Any, datetime], None]] = {
            DocumentEntry: save_documents,
            PokemonEntry: partial(save_pokemon, generations=self._generations),
            SpeciesEntry: save_species,
        }
        self._is_clean = True
        self.is_abandoned = False
        self._flushed = time.monotonic()

    def take(self, entry: Entry) -> None:
        """Take an entry; what needs no row is returned with the next batch."""
        if isinstance(entry, Members):
            self._generations.update(dict.fromkeys(entry.species, entry.generation))
        elif isinstance(entry, Planned) or not entry.has_row:
            self._done.append(entry)
        elif isinstance(entry, (PokemonEntry, SpriteEntry)) and entry.doubtful:
            self._doubtful.append(entry)
        elif not self.is_abandoned:
            self._waiting.append(entry)
            self._weight += _weight(entry)
        elif isinstance(entry, SpriteEntry):
            self._take_back(entry)

    def believe(self, is_true: bool) -> None:
        """Write what is doubtful with the next batch, or forget it."""
        doubtful, self._doubtful = self._doubtful, []
        for entry in doubtful if is_true else ():
            entry.doubtful = False
            self.take(entry)

    @property
    def is_due(self) -> bool:
        """Tell whether there is enough for a batch, or something has waited long enough."""
        return self._weight >= _BATCH or time.monotonic() > self._flushed + _FLUSH_EVERY

    @property
    def has_more(self) -> bool:
        """Tell whether anything waits to be written."""
        return bool(self._waiting)

    def flush(self) -> list[Entry]:
        """Write a batch, and return what is settled: written, refused, or without a row.

        Raises LockLostError, and DatabaseGoneError; what was written by then is returned later.
        """
        self._flushed = time.monotonic()
        batch = self._batch()
        self._write(sorted(batch, key=lambda entry: _PLACES[_kind(entry)]))
        del self._waiting[: len(batch)]
        self._weight -= sum(map(_weight, batch))
        reset_queries()  # with DEBUG, Django would keep every statement of the run
        done, self._done = self._done, []
        sprites = [entry for entry in done if isinstance(entry, SpriteEntry)]
        self._replaced += [entry.replaced for entry in sprites if entry.replaced]
        return done

    def _batch(self) -> list[Written]:
        """Return what has waited longest, as much as is written at once."""
        weights = accumulate(map(_weight, self._waiting))
        size = sum(1 for _ in takewhile(lambda weight: weight < _BATCH, weights))
        return self._waiting[: size + 1]

    def abandon(self) -> None:
        """Write no more, because the database or the lock is gone, and leave no file without a row.

        What is still taken after this only loses its file.
        """
        self.is_abandoned = True
        written = set(map(id, self._done))
        for entry in self._waiting:
            if isinstance(entry, SpriteEntry) and id(entry) not in written:
                self._take_back(entry)
        self._waiting.clear()

    def _take_back(self, entry: SpriteEntry) -> None:
        """Delete a file that got no row, unless another host may be about to write that row."""
        if entry.new_file:
            self._is_clean &= self._lock.is_sure and cleanup.delete(self._store, entry.new_file)

    def finish(self) -> bool:
        """Give late generations to their Pokémon, and delete lone species and replaced files.

        Tells whether no file was left that has no row.
        """
        reconnecting(atomic(using=self._alias)(self._finish_rows))()
        self._discard(self._replaced)
        return self._is_clean

    def _finish_rows(self) -> None:
        self._lock.hold()
        save_generations(self._generations)
        delete_lone_species()

    def _write(self, entries: list[Written]) -> None:
        """Write entries in one transaction; where it is refused, in halves, down to the bad one."""
        if not entries:
            return
        try:
            reconnecting(atomic(using=self._alias)(self._save))(entries)
        except DatabaseError as error:
            if len(entries) == 1:
                self._refuse(entries[0], error)
            else:
                half = len(entries) // 2
                self._write(entries[:half])
                self._write(entries[half:])
            return
        self._done += entries

    def _save(self, entries: list[Written]) -> None:
        now = self._lock.hold()
        for kind, alike in groupby(entries, key=_kind):
            save = self._saves.get(kind, save_sprites)
            save(list(alike), now)
        if any(entry.is_visible for entry in entries):
            revise(self._alias)

    def _refuse(self, entry: Written, error: DatabaseError) -> None:
        detail = " ".join(str(error).split())[:200]
        logger.error("the database refused %s: %s", entry, detail)
        if isinstance(entry, SpriteEntry) and entry.new_file:
            self._discard([entry.new_file])
        entry.refuse(detail)
        self._done.append(entry)

    def _discard(self, names: list[str]) -> None:
        """Delete files that no row points to."""
        self._is_clean &= cleanup.discard(self._store, self._lock, names)


def _weight(entry: Written) -> int:
    """Tell how many sprites take as long to write; a sprite that is only listed takes half."""
    if isinstance(entry, PokemonEntry) and entry.record:
        return 1 + len(entry.record.listings) // 2
    return _SPECIES if isinstance(entry, SpeciesEntry) else 1


def _kind(entry: Written) -> object:
    return entry.verdict if isinstance(entry, SpriteEntry) else type(entry)
