"""The types and the names of the Pokémon of a page, all of them by one query."""

from collections.abc import Iterable

from django.db.models import Value

from ..languages import preferred
from ..models import Pokemon, PokemonType, SpeciesName


def nearest(text: str) -> list[Pokemon]:
    """Return the Pokémon that somebody may have meant, as the visitor calls them."""
    found = Pokemon.objects.nearest(text)
    add_words(found)
    return found


def add_words(page: Iterable[Pokemon], *, every_language: bool = False) -> None:
    """Fill in types and names, for less than prefetched rows cost.

    Names are those that the visitor reads, or with ``every_language`` all.
    """
    page = list(page)
    types: dict[int, list[str]] = {pokemon.pk: [] for pokemon in page}
    names: dict[int, list[tuple[str, str, str]]] = {pokemon.number: [] for pokemon in page}
    languages = preferred()
    slots = PokemonType.objects.filter(pokemon__in=types).order_by()
    called = SpeciesName.objects.filter(species__in=names).order_by()
    if not every_language:
        called = called.filter(language__in=languages)
    none = Value("")
    columns = Value(True), "pokemon_id", "slot", "type__name", none, none
    rows = slots.values_list(*columns).union(
        called.values_list(Value(False), "species_id", "id", "language", "name", "genus"), all=True
    )
    for is_type, pk, _place, text, name, genus in sorted(rows):
        types[pk].append(text) if is_type else names[pk].append((text, name, genus))
    for pokemon in page:
        pokemon.type_names, pokemon.names = types[pokemon.pk], names[pokemon.number]
        spoken = {language: name for language, name, _genus in pokemon.names}
        language = next((tag for tag in languages if tag in spoken), "")
        pokemon.called = spoken.get(language, ""), language
