"""Records and outcomes in, batches of upserts out: the only writer of synced rows.

A file stands before its row is written; the file that it replaces is deleted when the run ends,
long after the commit. A batch that the database refuses is halved until the bad row is found.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

from django.db import DatabaseError, reset_queries, router
from django.db.transaction import atomic

from ..errors import Code
from ..models import Sprite
from ..worker.records import Failure, PokemonRecord
from ..worker.storage import Store
from . import announce, cleanup, rows
from .known import Known
from .lock import RunLock
from .reconnect import reconnecting
from .rows import Entry, Verdict
from .save import Unit, save_generations, save_pokemon, save_sprites, save_touched
from .tally import Tally

logger = logging.getLogger(__name__)

T = TypeVar("T")

_BATCH = 200
"""Sprites that are written at once; a Pokémon with its listings weighs as much as ten."""
_POKEMON_WEIGHS = 10


class Writer:
    """Gathers what came back from the workers and writes it in batches, while it holds the lock.

    What is withheld is written once it is believed; the rest is counted when it is committed.
    """

    def __init__(self, store: Store, tally: Tally, lock: RunLock) -> None:
        self._store, self._tally, self.lock = store, tally, lock
        self._alias = router.db_for_write(Sprite)
        self._units: list[Unit] = []
        self._touched: list[tuple[int, str]] = []
        self._entries: list[Entry] = []
        self._withheld_units: list[Unit] = []
        self._withheld_entries: list[Entry] = []
        self._superseded: list[str] = []
        self.generations: dict[str, int] = {}
        self.is_abandoned = self.left_any = False

    def pokemon(
        self, record: PokemonRecord, known: Known | None, *, whole: bool, withhold: bool
    ) -> None:
        """Take a Pokémon whose JSON has come; unless it was whole, it is asked for again soon."""
        units = self._withheld_units if withhold else self._units
        units.append((record, known, whole))

    def touch(self, pokemon: int, etag: str) -> None:
        """Take a Pokémon whose JSON has not changed upstream."""
        self._touched.append((pokemon, etag))

    def sprite(self, entry: Entry, *, withhold: bool = False) -> None:
        """Take a sprite whose fate is known."""
        if self.is_abandoned:
            self._take_back(entry)
        else:
            (self._withheld_entries if withhold else self._entries).append(entry)

    def believe(self, is_true: bool) -> None:
        """Write what was withheld with the next batch, or forget it."""
        if is_true:
            self._units += self._withheld_units
            self._entries += self._withheld_entries
        self._withheld_units.clear()
        self._withheld_entries.clear()

    @property
    def is_full(self) -> bool:
        """Tell whether there is enough for a batch."""
        pokemon = len(self._units) + len(self._touched)
        return len(self._entries) + _POKEMON_WEIGHS * pokemon >= _BATCH

    def flush(self) -> None:
        """Write all that has been taken; raises DatabaseGoneError and keeps what was not."""
        if self.is_abandoned:
            return
        save = partial(save_pokemon, generations=self.generations)
        self._write(self._units, save, self._count_pokemon, self._refuse_pokemon)
        self._units.clear()
        self._write(self._touched, save_touched, self._count_touched, self._refuse_touched)
        self._touched.clear()
        for verdict in Verdict:
            entries = [e for e in self._entries if e.verdict is verdict and not e.is_written]
            with_row = [entry for entry in entries if entry.has_row]
            self._write(with_row, save_sprites, self._count_sprites, self._refuse_sprite)
            self._count_sprites([entry for entry in entries if not entry.has_row])
        self._entries.clear()
        reset_queries()  # with DEBUG, Django would keep every statement of the run

    def abandon(self) -> None:
        """Write no more, because the database or the lock is gone, and leave no file without a row.

        What is still taken after this only loses its file.
        """
        self.is_abandoned = True
        for entry in self._entries:
            if not entry.is_written:
                self._take_back(entry)
        self._entries.clear()

    def _take_back(self, entry: Entry) -> None:
        """Delete a file that got no row, unless another host may be about to write that row."""
        if not entry.new_file:
            return
        if not self.lock.is_sure:
            self.left_any = True
            return
        self.left_any |= not cleanup.delete(self._store, entry.new_file)

    def finish(self) -> None:
        """Give late generations to their Pokémon, and delete the files that were replaced."""
        reconnecting(atomic(using=self._alias)(self._save_generations))()
        self._discard(self._superseded)
        self._superseded.clear()

    def _save_generations(self) -> None:
        self.lock.hold()
        save_generations(self.generations)

    def _write(
        self,
        items: list[T],
        save: Callable[[list[T], datetime], None],
        count: Callable[[list[T]], None],
        refuse: Callable[[T, DatabaseError], None],
    ) -> None:
        """Write items in one transaction; where it is refused, in halves, down to the bad one."""
        if not items:
            return None
        try:
            reconnecting(atomic(using=self._alias)(self._save_held))(items, save)
        except DatabaseError as error:
            if len(items) == 1:
                return refuse(items[0], error)
            half = len(items) // 2
            self._write(items[:half], save, count, refuse)
            return self._write(items[half:], save, count, refuse)
        return count(items)

    def _save_held(self, items: list[T], save: Callable[[list[T], datetime], None]) -> None:
        save(items, self.lock.hold())

    def _count_pokemon(self, units: list[Unit]) -> None:
        for record, known, _ in units:
            self._tally.pokemon(record.id, rows.pokemon_verdict(record, known))

    def _refuse_pokemon(self, unit: Unit, error: DatabaseError) -> None:
        self._refuse_touched((unit[0].id, ""), error)

    def _count_touched(self, touched: list[tuple[int, str]]) -> None:
        for pokemon, _ in touched:
            self._tally.pokemon(pokemon, "unchanged")

    def _refuse_touched(self, touched: tuple[int, str], error: DatabaseError) -> None:
        logger.error("the database refused Pokémon %d: %s", touched[0], error)
        self._tally.pokemon(touched[0], "failed")

    def _count_sprites(self, entries: list[Entry]) -> None:
        for entry in entries:
            entry.is_written = True
            if entry.new_file and entry.old_file:
                self._superseded.append(entry.old_file)
            self._tally.sprite(entry)
        announce.stored(entries)

    def _refuse_sprite(self, entry: Entry, error: DatabaseError) -> None:
        detail = " ".join(str(error).split())[:200]
        logger.error("the database refused sprite %d/%s: %s", entry.pokemon, entry.key, detail)
        self._discard([entry.new_file] if entry.new_file else [])
        entry.verdict, entry.failure = Verdict.FAILED, Failure(Code.DB, detail)
        entry.found = None
        self._count_sprites([entry])

    def _discard(self, names: list[str]) -> None:
        """Delete files that no row points to; ``left_any`` says that one could not be."""
        self.left_any |= not cleanup.discard(self._store, self.lock, names)
