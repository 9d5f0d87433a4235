"""Rows for tests of the gallery: a Pokémon and a stored sprite in one call each."""

from typing import Any

from django.utils import timezone

from sprites.keys import facets
from sprites.models import Pokemon, PokemonType, Species, SpeciesName, Sprite, Type
from sprites.models.species import folded


def add_pokemon(pk: int, name: str, *types: str, **fields: Any) -> Pokemon:
    """Write a Pokémon with its types in slot order."""
    facts = {"species": name, "number": pk, "height": 4, "weight": 60, "generation": 1} | fields
    pokemon = Pokemon.objects.create(pk=pk, name=name, synced_at=timezone.now(), **facts)
    for slot, type_name in enumerate(types, start=1):
        kind = Type.objects.filter(name=type_name).first()
        kind = kind or Type.objects.create(id=Type.objects.count() + 1, name=type_name)
        PokemonType.objects.create(pokemon=pokemon, type=kind, slot=slot)
    return pokemon


def add_sprite(pokemon: Pokemon, key: str, **fields: Any) -> Sprite:
    """Write a sprite: stored as a PNG of 96 pixels, unless the fields say otherwise."""
    state = fields.get("state", Sprite.State.STORED)
    file = f"sprites/{pokemon.pk}/{key}.3f2a9c1b.png" if state == Sprite.State.STORED else ""
    facts = {"state": state, "file": file, "media_type": "image/png", "width": 96, "height": 96}
    facts |= {"size": 1234, "url": f"https://example.org/{key}.png"}
    return Sprite.objects.create(pokemon=pokemon, key=key, **facets(key)._asdict() | facts | fields)


def add_species(pk: int, **names: str) -> Species:
    """Write a species with its names by language; ``zh_hans`` is the tag ``zh-hans``."""
    called = [(tag.replace("_", "-"), name) for tag, name in names.items()]
    species = Species.objects.create(
        pk=pk,
        name=f"species-{pk}",
        folded=folded(name for _tag, name in called),
        synced_at=timezone.now(),
    )
    SpeciesName.objects.bulk_create(
        SpeciesName(species=species, language=tag, name=name, genus=f"{tag} genus")
        for tag, name in called
    )
    return species
