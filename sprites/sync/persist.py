"""Records and outcomes in, batches of upserts out: the only writer of synced rows.

A file stands before its row is written; the file that it replaces is deleted when the run ends,
long after the commit. A batch that the database refuses is halved until the bad row is found.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from django.db import DatabaseError, InterfaceError, OperationalError, connections, router
from django.db.transaction import atomic
from django.utils import timezone

from ..errors import Code, DatabaseGoneError, SpritesError
from ..models import Pokemon, PokemonType, Sprite, Type
from ..storage import Store
from . import rows
from .known import Known
from .records import Failure, PokemonRecord
from .rows import Entry, Verdict

logger = logging.getLogger(__name__)

T = TypeVar("T")
Unit = tuple[PokemonRecord, Known | None, bool]

_BATCH = 200
"""Sprites that are written at once; a Pokémon with its listings weighs as much as ten."""
_POKEMON_WEIGHS = 10


class Persist:
    """Gathers what came back from the workers and writes it in batches.

    ``on_sprite`` hears of each sprite's entry once it is committed, ``on_pokemon`` of each
    Pokémon's id with ``new``, ``changed``, ``unchanged`` or, refused by the database, ``failed``.
    """

    def __init__(
        self,
        store: Store,
        on_sprite: Callable[[Entry], None],
        on_pokemon: Callable[[int, str], None],
    ) -> None:
        self._store, self._on_sprite, self._on_pokemon = store, on_sprite, on_pokemon
        self._alias = router.db_for_write(Sprite)
        self._units: list[Unit] = []
        self._touched: list[tuple[int, str]] = []
        self._entries: list[Entry] = []
        self._superseded: list[str] = []
        self.generations: dict[str, int] = {}

    def pokemon(self, record: PokemonRecord, known: Known | None, *, whole: bool) -> None:
        """Take a Pokémon whose JSON has come; unless it was whole, it is asked for again soon."""
        self._units.append((record, known, whole))

    def touch(self, pokemon: int, etag: str) -> None:
        """Take a Pokémon whose JSON has not changed upstream."""
        self._touched.append((pokemon, etag))

    def sprite(self, entry: Entry) -> None:
        """Take a sprite whose fate is known."""
        self._entries.append(entry)

    @property
    def is_full(self) -> bool:
        """Tell whether there is enough for a batch."""
        pokemon = len(self._units) + len(self._touched)
        return len(self._entries) + _POKEMON_WEIGHS * pokemon >= _BATCH

    def flush(self) -> None:
        """Write all that has been taken; raises DatabaseGoneError and keeps what was not."""
        self._write(self._units, self._save_pokemon, self._count_pokemon, self._refuse_pokemon)
        self._units.clear()
        self._write(self._touched, self._save_touched, self._count_touched, self._refuse_touched)
        self._touched.clear()
        for verdict in Verdict:
            entries = [e for e in self._entries if e.verdict is verdict and not e.is_written]
            with_row = [entry for entry in entries if entry.has_row]
            self._write(with_row, self._save_sprites, self._count_sprites, self._refuse_sprite)
            self._count_sprites([entry for entry in entries if not entry.has_row])
        self._entries.clear()

    def abandon(self) -> None:
        """Give up what the database can't take any more, and leave no file without a row."""
        for entry in self._entries:
            if not entry.is_written:
                self._delete(entry.new_file)
        self._entries.clear()

    def finish(self) -> None:
        """Give late generations to their Pokémon, and delete the files that were replaced."""
        members: dict[int, list[str]] = {}
        for species, number in self.generations.items():
            members.setdefault(number, []).append(species)
        for number, species_names in members.items():
            others = Pokemon.objects.exclude(generation=number)
            others.filter(species__in=species_names).update(generation=number)
        for name in self._superseded:
            self._delete(name)
        self._superseded.clear()

    def _write(
        self,
        items: list[T],
        save: Callable[[list[T]], None],
        count: Callable[[list[T]], None],
        refuse: Callable[[T, DatabaseError], None],
    ) -> None:
        """Write items in one transaction; where it is refused, in halves, down to the bad one."""
        if not items:
            return None
        try:
            self._again(lambda: save(items))
        except DatabaseError as error:
            if len(items) == 1:
                return refuse(items[0], error)
            half = len(items) // 2
            self._write(items[:half], save, count, refuse)
            return self._write(items[half:], save, count, refuse)
        return count(items)

    def _again(self, write: Callable[[], None]) -> None:
        """Write in a transaction, and once more over a new connection if the first one broke."""
        try:
            with atomic(using=self._alias):
                return write()
        except (OperationalError, InterfaceError) as error:
            logger.warning("the database failed, one more try: %s", error)
        with suppress(DatabaseError, InterfaceError):
            connections[self._alias].close()
        try:
            with atomic(using=self._alias):
                return write()
        except (OperationalError, InterfaceError) as error:
            raise DatabaseGoneError(f"the database is gone or locked: {error}") from None

    def _save_pokemon(self, units: list[Unit]) -> None:
        now = timezone.now()
        self._save_types([record for record, _, _ in units])
        Pokemon.objects.bulk_create(
            [
                rows.pokemon_row(r, self.generations.get(r.species), now if whole else None)
                for r, _, whole in units
            ],
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=rows.POKEMON_COLUMNS,
        )
        self._save_type_slots(units)
        Sprite.objects.bulk_create(
            [row for record, known, _ in units for row in rows.listing_rows(record, known)],
            update_conflicts=True,
            unique_fields=["pokemon", "key"],
            update_fields=rows.LISTING_COLUMNS,
        )
        for record, known, _ in units:
            if gone := list(rows.unlisted_keys(record, known)):
                sprites = Sprite.objects.filter(pokemon=record.id, key__in=gone)
                sprites.update(listed=False, missing_since=now)

    def _save_types(self, records: list[PokemonRecord]) -> None:
        types = {item.id: item.name for record in records for item in record.types}
        Type.objects.bulk_create(
            [Type(id=number, name=name) for number, name in types.items()],
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["name"],
        )

    def _save_type_slots(self, units: list[Unit]) -> None:
        changed = [r for r, k, _ in units if not k or k.types != [item.id for item in r.types]]
        PokemonType.objects.filter(pokemon__in=[record.id for record in changed]).delete()
        PokemonType.objects.bulk_create(
            PokemonType(pokemon_id=record.id, type_id=item.id, slot=slot)
            for record in changed
            for slot, item in enumerate(record.types, start=1)
        )

    def _count_pokemon(self, units: list[Unit]) -> None:
        for record, known, _ in units:
            self._on_pokemon(record.id, rows.pokemon_verdict(record, known))

    def _refuse_pokemon(self, unit: Unit, error: DatabaseError) -> None:
        self._refuse_touched((unit[0].id, ""), error)

    def _save_touched(self, touched: list[tuple[int, str]]) -> None:
        now = timezone.now()
        for pokemon, etag in touched:
            Pokemon.objects.filter(pk=pokemon).update(synced_at=now, etag=etag)

    def _count_touched(self, touched: list[tuple[int, str]]) -> None:
        for pokemon, _ in touched:
            self._on_pokemon(pokemon, "unchanged")

    def _refuse_touched(self, touched: tuple[int, str], error: DatabaseError) -> None:
        logger.error("the database refused Pokémon %d: %s", touched[0], error)
        self._on_pokemon(touched[0], "failed")

    def _save_sprites(self, entries: list[Entry]) -> None:
        verdict = entries[0].verdict
        Sprite.objects.bulk_create(
            [entry.row for entry in entries],
            update_conflicts=True,
            unique_fields=["pokemon", "key"],
            update_fields=rows.OUTCOME_COLUMNS[verdict],
        )
        if verdict is Verdict.MISSING:
            ids = {entry.row.pokemon_id for entry in entries}
            found = Sprite.objects.filter(pokemon__in=ids, state=Sprite.State.MISSING)
            found.filter(missing_since=None).update(missing_since=timezone.now())

    def _count_sprites(self, entries: list[Entry]) -> None:
        for entry in entries:
            entry.is_written = True
            if entry.new_file and entry.old_file:
                self._superseded.append(entry.old_file)
            self._on_sprite(entry)

    def _refuse_sprite(self, entry: Entry, error: DatabaseError) -> None:
        detail = " ".join(str(error).split())[:200]
        logger.error("the database refused sprite %s: %s", entry.row, detail)
        self._delete(entry.new_file)
        entry.verdict, entry.failure = Verdict.FAILED, Failure(Code.DB, detail)
        entry.row.file.name = ""
        self._count_sprites([entry])

    def _delete(self, name: str) -> None:
        if name:
            with suppress(SpritesError):
                self._store.delete(name)
