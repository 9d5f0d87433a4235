"""A batch in, its statements out: what one transaction of ``writer`` writes.

``bulk_create(update_conflicts=True)`` would compile each batch anew: 100 µs of CPU a sprite's row,
which was most of a run's CPU; the prepared statements of ``upsert`` take 8.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from ..models import Pokemon, PokemonType, Sprite, Type
from ..worker.records import PokemonRecord
from . import rows
from .known import Known
from .rows import SHAPES, Entry, Verdict
from .upsert import upsert

Unit = tuple[PokemonRecord, Known | None, bool]
"""A Pokémon's record, what the database has of it, and whether the record was whole."""


def save_pokemon(units: Sequence[Unit], now: datetime, generations: Mapping[str, int]) -> None:
    """Write Pokémon, their types and what their JSON lists."""
    _save_types([record for record, _, _ in units])
    upsert(
        Pokemon,
        rows.POKEMON_COLUMNS,
        (
            rows.pokemon_row(record, generations.get(record.species), now if whole else None)
            for record, _, whole in units
        ),
        unique=("id",),
        update=rows.POKEMON_UPDATED,
    )
    _save_type_slots(units)
    upsert(
        Sprite,
        rows.LISTING_COLUMNS,
        (row for record, known, _ in units for row in rows.listing_rows(record, known)),
        unique=rows.SPRITE_KEY,
        update=rows.LISTING_UPDATED,
    )
    for record, known, _ in units:
        if gone := list(rows.unlisted_keys(record, known)):
            sprites = Sprite.objects.filter(pokemon=record.id, key__in=gone)
            sprites.update(listed=False, missing_since=now)


def _save_types(records: Sequence[PokemonRecord]) -> None:
    types = {item.id: item.name for record in records for item in record.types}
    upsert(Type, ("id", "name"), types.items(), unique=("id",), update=("name",))


def _save_type_slots(units: Sequence[Unit]) -> None:
    changed = [r for r, k, _ in units if k is None or k.types != [item.id for item in r.types]]
    PokemonType.objects.filter(pokemon__in=[record.id for record in changed]).delete()
    PokemonType.objects.bulk_create(
        PokemonType(pokemon_id=record.id, type_id=item.id, slot=slot)
        for record in changed
        for slot, item in enumerate(record.types, start=1)
    )


def save_touched(touched: Sequence[tuple[int, str]], now: datetime) -> None:
    """Note that the JSON of some Pokémon has not changed, with its newest ETag."""
    for pokemon, etag in touched:
        Pokemon.objects.filter(pk=pokemon).update(synced_at=now, etag=etag)


def save_sprites(entries: Sequence[Entry], now: datetime) -> None:
    """Write entries that all have the same verdict."""
    verdict = entries[0].verdict
    shape = SHAPES[verdict]
    upsert(
        Sprite,
        shape.columns,
        (shape.row(entry, now) for entry in entries),
        unique=rows.SPRITE_KEY,
        update=shape.updated,
    )
    if verdict is Verdict.MISSING:
        ids = {entry.pokemon for entry in entries}
        found = Sprite.objects.filter(pokemon__in=ids, state=Sprite.State.MISSING)
        found.filter(missing_since=None).update(missing_since=now)


def save_generations(generations: Mapping[str, int]) -> None:
    """Give their generation to Pokémon that were written before it was known."""
    members: dict[int, list[str]] = {}
    for species, number in generations.items():
        members.setdefault(number, []).append(species)
    for number, names in members.items():
        others = Pokemon.objects.exclude(generation=number)
        others.filter(species__in=names).update(generation=number)
