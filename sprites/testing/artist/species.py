"""The creatures of the drawn world: who there is, of which types, and which slots are filled.

In: nothing but the tables below. Out: ``CREATURES``, 60 species and 12 forms in id order. All
names are invented. A few creatures are extreme on purpose, as some of upstream's are:
see ``_ONLY`` (0 and 1 sprite), ``_NO_FRONT`` and ``ZIZZLE`` (119 sprites).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from .slots import KEYS

TYPES = (
    *("normal", "fighting", "flying", "poison", "ground", "rock", "bug", "ghost", "steel"),
    *("fire", "water", "grass", "electric", "psychic", "ice", "dragon", "dark", "fairy"),
)
ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")

# One line a generation.
_SPECIES = (
    "mossbun:grass cindle:fire dripplet:water nibbin:normal pebbo:rock hushoo:flying,psychic "
    "zizzle:electric",
    "thistlet:grass,poison kilnix:fire,steel brookie:water,fairy gloamy:ghost snuggust:flying "
    "crickleaf:bug,grass frosket:ice",
    "clovertail:grass ashpaw:fire,dark tadwink:water voltuff:electric,fairy dunelet:ground "
    "grindle:fighting murmoth:bug,ghost",
    "fernip:grass flickit:fire,flying puddlo:water,ground fizzbit:electric,normal "
    "icibelle:ice,fairy cobblet:rock,steel dozelin:psychic",
    "sprigloo:grass,ice toastle:fire bublin:water mallowisp:ghost,fairy tinkore:steel "
    "vipette:poison pummelo:fighting",
    "petaloo:grass,fairy smoldrake:fire,dragon koibble:water noctuff:dark draklet:dragon "
    "hunnib:bug,flying marblit:rock,fairy",
    "bamboodle:grass,fighting sunnook:fire,flying clampet:water,steel plushock:electric "
    "quillow:psychic sandoodle:ground",
    "acornet:grass pepperoo:fire,fighting mistott:water,ice gearbun:steel,electric "
    "toxipip:poison,bug umbrill:dark,ghost",
    "twiglo:grass,rock magmole:fire,ground coralope:water,dragon stellarva:psychic,bug "
    "snowble:ice,ground wishlet:normal,fairy",
)

# A form's species, its suffix, the generation that brought it, and its types.
_FORMS = (
    ("mossbun", "starter", 8, "grass"),
    ("cindle", "starter", 8, "fire"),
    ("dripplet", "starter", 8, "water"),
    ("zizzle", "starter", 7, "electric"),
    ("zizzle", "tidal", 8, "water,electric"),
    ("pebbo", "tidal", 7, "rock,water"),
    ("fizzbit", "frosted", 8, "ice,normal"),
    ("draklet", "grand", 6, "dragon,fire"),
    ("koibble", "lunar", 9, "water,dark"),
    ("noctuff", "dawn", 9, "dark,fairy"),
    ("gearbun", "rusty", 9, "steel,rock"),
    ("wishlet", "veiled", 9, "fairy"),
)

ZIZZLE = 7
_FEMALES = frozenset({2, 7, 12, 18, 25, 31, 36, 46, 50})
_NO_FRONT = frozenset({58, 10009, 10010})
_ONLY: dict[int, tuple[str, ...]] = {10011: ("other/home/front_default",), 10012: ()}
_NO_EXPERIENCE = frozenset({59, 10005, 10007, 10012})
# Upstream lists these for nobody, or for a handful.
_NEVER = frozenset(
    {
        "other/dream_world/front_female",
        "other/showdown/back_shiny_female",
        "versions/generation-ix/scarlet-violet/front_female",
        "versions/generation-vii/icons/front_female",
        "versions/generation-viii/brilliant-diamond-shining-pearl/front_female",
    }
)


@dataclass(frozen=True)
class Creature:
    """A Pokémon of the drawn world: a species' default variety, or a form with an id of 10001 up.

    ``height`` is in decimetres, ``weight`` in hectograms, ``base_experience`` may be unknown.
    """

    id: int
    name: str
    species: str
    species_id: int
    generation: int
    types: tuple[str, ...]
    stats: tuple[int, ...]
    height: int
    weight: int
    base_experience: int | None

    @property
    def is_form(self) -> bool:
        """Whether this is a variety that is not its species' default one."""
        return self.id > 10_000

    @property
    def has_females(self) -> bool:
        """Whether females look different."""
        return self.id in _FEMALES

    def slots(self) -> frozenset[str]:
        """The slots that hold a picture; every other slot is null."""
        if self.id in _ONLY:
            return frozenset(_ONLY[self.id])
        return frozenset(key for key in KEYS if self._has(key))

    def _has(self, key: str) -> bool:
        if key in _NEVER or ("female" in key and not self.has_females):
            return False
        place, _, name = key.rpartition("/")
        if not place and name.startswith("front") and self.id in _NO_FRONT:
            return False
        if place == "other/dream_world":
            return self.generation <= 5 and not self.is_form
        if not place.startswith("versions/"):
            return True
        return self._in_game(place.split("/")[1].removeprefix("generation-"), place)

    def _in_game(self, numeral: str, place: str) -> bool:
        if place.endswith("scarlet-violet"):
            return self.generation == 9 or self.id % 2 == 1
        if place.endswith("brilliant-diamond-shining-pearl"):
            return self.generation <= 4 and not self.is_form
        if numeral == "v" and not self.is_form:
            return self.generation <= 5 or not place.endswith("animated") or self.id % 3 > 0
        return self.generation <= ROMAN.index(numeral) + 1


def _grow(
    number: int, name: str, species: tuple[str, int], generation: int, types: str
) -> Creature:
    random = Random(f"stats of {name}")
    return Creature(
        id=number,
        name=name,
        species=species[0],
        species_id=species[1],
        generation=generation,
        types=tuple(types.split(",")),
        stats=tuple(random.randrange(30, 111, 5) for _ in range(6)),
        height=random.randrange(2, 18),
        weight=random.randrange(8, 900),
        base_experience=None if number in _NO_EXPERIENCE else random.randrange(40, 240),
    )


def _species() -> Iterator[Creature]:
    number = 0
    for generation, line in enumerate(_SPECIES, 1):
        for entry in line.split():
            number += 1
            name, types = entry.split(":")
            yield _grow(number, name, (name, number), generation, types)


def _forms(ids: dict[str, int]) -> Iterator[Creature]:
    for number, (species, suffix, generation, types) in enumerate(_FORMS, 10_001):
        yield _grow(number, f"{species}-{suffix}", (species, ids[species]), generation, types)


def _all() -> tuple[Creature, ...]:
    species = tuple(_species())
    return (*species, *_forms({creature.name: creature.id for creature in species}))


CREATURES: tuple[Creature, ...] = _all()
