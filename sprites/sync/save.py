"""The statements of one transaction of the writer."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import router

from ..keys import FACETS
from ..models import Document, Pokemon, PokemonType, Species, SpeciesName, Sprite, Type
from ..worker.records import Kind, PokemonRecord, SpeciesRecord
from . import rows
from .documents import of_record
from .entries import DocumentEntry, PokemonEntry, SpeciesEntry, SpriteEntry, Verdict
from .known import Known
from .statements import update, upsert

Pair = tuple[PokemonRecord, Known | None]
"""A Pokémon's record, and what the database has of it."""


def save_pokemon(
    entries: Sequence[PokemonEntry], now: datetime, generations: Mapping[str, int]
) -> None:
    """Write Pokémon with types, sprites and JSON; of unchanged JSON only the ETag."""
    read = [(entry.record, entry) for entry in entries if entry.record]
    upsert(
        Pokemon,
        (
            rows.pokemon_row(record, generations.get(record.species), now if entry.whole else None)
            for record, entry in read
        ),
        unique=("id",),
        fixed=("generation",),
    )
    _save_listed([(record, entry.known) for record, entry in read], now)
    _save_own(Kind.POKEMON, [record for record, _ in read], now)
    unchanged = (rows.synced_row(e.pokemon, e, now) for e in entries if not e.record)
    update(Pokemon, unchanged, by=("id",))


def save_species(entries: Sequence[SpeciesEntry], now: datetime) -> None:
    """Write species with names and JSON; of unchanged JSON only the ETag."""
    read = [entry.record for entry in entries if entry.record]
    upsert(Species, (rows.species_row(record, now) for record in read), unique=("id",))
    SpeciesName.objects.filter(species__in=[record.id for record in read]).delete()
    names = (row for record in read for row in rows.name_rows(record))
    upsert(SpeciesName, names, unique=("species", "language"))
    _save_own(Kind.SPECIES, read, now)
    unchanged = (rows.synced_row(e.species, e, now) for e in entries if not e.record)
    update(Species, unchanged, by=("id",))


def _save_own(kind: Kind, read: Sequence[PokemonRecord | SpeciesRecord], now: datetime) -> None:
    """Write the documents that records bring.

    One that was kept goes where a newer one is not to be: no 304 would ever bring that.
    """
    save_documents([document for record in read for document in of_record(kind, record)], now)
    if outdated := [record.id for record in read if not record.document]:
        Document.objects.filter(resource=kind, number__in=outdated).delete()


def _save_listed(pairs: Sequence[Pair], now: datetime) -> None:
    types = {item.id: item.name for record, _ in pairs for item in record.types}
    upsert(Type, ({"id": pk, "name": name} for pk, name in types.items()), unique=("id",))
    _save_type_slots(pairs)
    upsert(
        Sprite,
        (row for record, known in pairs for row in rows.listing_rows(record, known)),
        unique=rows.SPRITE_KEY,
        fixed=FACETS,
    )
    for record, known in pairs:
        if gone := list(rows.unlisted_keys(record, known)):
            sprites = Sprite.objects.filter(pokemon=record.id, key__in=gone)
            sprites.update(listed=False, missing_since=now)


def _save_type_slots(pairs: Sequence[Pair]) -> None:
    changed = [r for r, k in pairs if k is None or k.types != [item.id for item in r.types]]
    PokemonType.objects.filter(pokemon__in=[record.id for record in changed]).delete()
    PokemonType.objects.bulk_create(
        PokemonType(pokemon_id=record.id, type_id=item.id, slot=slot)
        for record in changed
        for slot, item in enumerate(record.types, start=1)
    )


def save_sprites(entries: Sequence[SpriteEntry], now: datetime) -> None:
    """Write entries that all have the same verdict."""
    update(Sprite, (rows.checked_row(e, now) for e in entries if e.stands), by=rows.SPRITE_KEY)
    upsert(
        Sprite,
        (rows.sprite_row(entry, now) for entry in entries if not entry.stands),
        unique=rows.SPRITE_KEY,
        fixed=("url", "path", *FACETS),
    )
    if entries[0].verdict is Verdict.MISSING:
        ids = {entry.pokemon for entry in entries}
        found = Sprite.objects.filter(pokemon__in=ids, state=Sprite.State.MISSING)
        found.filter(missing_since=None).update(missing_since=now)


def save_documents(entries: Sequence[DocumentEntry], now: datetime) -> None:
    """Write documents, but those that are kept already with these bytes."""
    if not entries:
        return
    kinds, numbers = {entry.resource for entry in entries}, {entry.number for entry in entries}
    found = Document.objects.filter(resource__in=kinds, number__in=numbers)
    kept = set(found.values_list("resource", "number", "sha256"))
    new = (entry for entry in entries if rows.document_key(entry) not in kept)
    upsert(
        Document, (rows.document_row(entry, now) for entry in new), unique=("resource", "number")
    )


def save_generations(generations: Mapping[str, int]) -> None:
    """Give their generation to Pokémon that were written before it was known."""
    everyone = Pokemon.objects.using(router.db_for_write(Pokemon)).order_by()
    written = everyone.values_list("pk", "species", "generation") if generations else ()
    late: dict[int | None, list[int]] = {}
    for pk, species, number in written:
        if (right := generations.get(species, number)) != number:
            late.setdefault(right, []).append(pk)
    for right, ids in late.items():
        Pokemon.objects.filter(pk__in=ids).update(generation=right)


def delete_lone_species() -> None:
    """Delete the species that no Pokémon here is of, with their names and JSON."""
    numbers = Pokemon.objects.values("number")
    Species.objects.exclude(pk__in=numbers).delete()
    Document.objects.filter(resource=Kind.SPECIES).exclude(number__in=numbers).delete()
