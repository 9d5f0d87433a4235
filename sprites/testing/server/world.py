"""The drawn world as a PokéAPI: JSON documents about the creatures of ``species``.

In: the creatures, and the origin that stands before every URL. Out: documents and lists by
resource, as plain objects; and a picture for every path of a known creature. The field names
and their nesting are PokéAPI's; ``World`` is also what real data must offer (``real.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any, Protocol

from ..artist import names, paint, slots
from ..artist.species import CREATURES, ROMAN, TYPES, Creature

Document = dict[str, Any]
STATS = ("hp", "attack", "defense", "special-attack", "special-defense", "speed")
_GAMES = ("red-blue", "gold-silver", "ruby-sapphire", "diamond-pearl", "black-white")
GAMES = (*_GAMES, "x-y", "sun-moon", "sword-shield", "scarlet-violet")


class World(Protocol):
    """Anything the server can serve; ids and names are looked up in ``index``."""

    index: dict[str, dict[str, int]]

    def document(self, resource: str, number: int) -> Document | bytes | None:
        """One resource, as an object or as the bytes of its JSON."""

    def picture(self, path: str) -> bytes | None:
        """The file at a path, if there is one."""


class DrawnWorld:
    """The 72 invented creatures, with their species, generations, types and games.

    Whatever the documents mention is listed; of abilities and others there is only that list.
    """

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self._mentioned: dict[str, dict[str, int]] = {}
        self._documents = {
            "pokemon": {c.id: self._pokemon(c) for c in CREATURES},
            "pokemon-species": {c.id: self._species(c) for c in CREATURES if not c.is_form},
            "generation": {n: self._generation(n) for n in range(1, len(ROMAN) + 1)},
            "type": {n: self._type(n, name) for n, name in enumerate(TYPES, 1)},
            "version-group": {n: self._game(n, name) for n, name in enumerate(GAMES, 1)},
        }
        self.index = {
            resource: dict(sorted(numbers.items(), key=itemgetter(1)))
            for resource, numbers in self._mentioned.items()
        }

    def document(self, resource: str, number: int) -> Document | None:
        """One resource as an object, or None."""
        return self._documents.get(resource, {}).get(number)

    def picture(self, path: str) -> bytes | None:
        """The picture that is drawn for a path, if its creature exists."""
        name = slots.parse(path)
        if name is None or name.id not in self._documents["pokemon"]:
            return None
        return paint.picture(name)

    def _link(self, resource: str, number: int, name: str) -> Document:
        self._mentioned.setdefault(resource, {})[name] = number
        return {"name": name, "url": f"{self.origin}/api/v2/{resource}/{number}/"}

    def _links(self, resource: str, creatures: Iterable[Creature]) -> list[Document]:
        return [self._link(resource, c.id, c.name) for c in creatures]

    def _typed(self, name: str) -> Document:
        return self._link("type", TYPES.index(name) + 1, name)

    def _of_generation(self, number: int) -> Document:
        return self._link("generation", number, f"generation-{ROMAN[number - 1]}")

    def _names(self, texts: Mapping[str, str], name: str = "name") -> list[Document]:
        """One text a language, in the order of upstream's languages."""
        return [
            {name: texts[tag], "language": self._link("language", number, tag)}
            for tag, number in names.LANGUAGES.items()
            if tag in texts
        ]

    def _sprites(self, creature: Creature) -> Document:
        filled = creature.slots()
        paths = {key: slots.path_of(key, creature.id) for key in slots.KEYS}
        return slots.nest(
            {k: f"{self.origin}{p}" if k in filled else None for k, p in paths.items()}
        )

    def _pokemon(self, creature: Creature) -> Document:
        number, name = creature.id, creature.name
        return {
            "abilities": [
                {"ability": self._link("ability", 1, "cheerful"), "is_hidden": False, "slot": 1}
            ],
            "base_experience": creature.base_experience,
            "cries": {"latest": None, "legacy": None},
            "forms": [self._link("pokemon-form", number, name)],
            "game_indices": [],
            "height": creature.height,
            "held_items": [],
            "id": number,
            "is_default": not creature.is_form,
            "location_area_encounters": f"{self.origin}/api/v2/pokemon/{number}/encounters",
            "moves": [],
            "name": name,
            # Upstream sorts by family and gives forms without a place in a game -1.
            "order": -1 if creature.is_form else number,
            "past_abilities": [],
            "past_stats": [],
            "past_types": [],
            "species": self._link("pokemon-species", creature.species_id, creature.species),
            "sprites": self._sprites(creature),
            "stats": [
                {"base_stat": value, "effort": 0, "stat": self._link("stat", slot, stat)}
                for slot, (stat, value) in enumerate(zip(STATS, creature.stats, strict=True), 1)
            ],
            "types": [
                {"slot": slot, "type": self._typed(kind)}
                for slot, kind in enumerate(creature.types, 1)
            ],
            "weight": creature.weight,
        }

    def _species(self, creature: Creature) -> Document:
        varieties = [c for c in CREATURES if c.species_id == creature.id]
        return {
            "base_happiness": 70,
            "capture_rate": 190,
            "egg_groups": [],
            "evolution_chain": None,
            "evolves_from_species": None,
            "flavor_text_entries": [],
            "form_descriptions": [],
            "forms_switchable": False,
            "gender_rate": 4,
            "genera": self._names(names.genera(creature), "genus"),
            "generation": self._of_generation(creature.generation),
            "habitat": None,
            "has_gender_differences": creature.has_females,
            "id": creature.id,
            "is_baby": False,
            "is_legendary": False,
            "is_mythical": False,
            "name": creature.name,
            "names": self._names(names.names(creature)),
            "order": creature.id,
            "pokedex_numbers": [
                {
                    "entry_number": creature.id,
                    "pokedex": self._link("pokedex", 1, "national"),
                }
            ],
            "varieties": [
                {"is_default": not c.is_form, "pokemon": self._link("pokemon", c.id, c.name)}
                for c in varieties
            ],
        }

    def _generation(self, number: int) -> Document:
        numeral = ROMAN[number - 1].upper()
        born = [c for c in CREATURES if c.generation == number and not c.is_form]
        return {
            "abilities": [],
            "id": number,
            "main_region": self._link("region", number, f"isle-{ROMAN[number - 1]}"),
            "moves": [],
            "name": f"generation-{ROMAN[number - 1]}",
            "names": self._names({"en": f"Generation {numeral}", "pt-br": f"Geração {numeral}"}),
            "pokemon_species": self._links("pokemon-species", born),
            "types": [self._typed(name) for name in TYPES] if number == 1 else [],
            "version_groups": [self._link("version-group", number, GAMES[number - 1])],
        }

    def _type(self, number: int, name: str) -> Document:
        return {
            "generation": self._of_generation(1),
            "id": number,
            "name": name,
            "names": self._names({"en": name.title(), "pt-br": name.title()}),
            "pokemon": [
                {"pokemon": self._link("pokemon", c.id, c.name), "slot": c.types.index(name) + 1}
                for c in CREATURES
                if name in c.types
            ],
        }

    def _game(self, number: int, name: str) -> Document:
        return {
            "generation": self._of_generation(number),
            "id": number,
            "name": name,
            "order": number,
            "versions": [
                self._link("version", 2 * number - 1 + place, version)
                for place, version in enumerate(name.split("-"))
            ],
        }
