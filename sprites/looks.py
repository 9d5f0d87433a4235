"""A look, which says what sprite stands for a Pokémon, and which sets stand in for it."""

from typing import NamedTuple

ANIMATED = "animated"
"""The look that takes any set's animated sprites, Showdown's first."""

ALIASES = {"artwork": "official-artwork"}
"""Short names of sets, as ``--sprites`` has them."""


def full_name(name: str) -> str:
    """Return a set's own name."""
    return ALIASES.get(name, name)


def short_name(name: str) -> str:
    """Return a set's short name, or its own where it has none."""
    return next((short for short, full in ALIASES.items() if full == name), name)


MAIN = ("default", "artwork", "home", ANIMATED, "icons")
"""The looks that the gallery puts in its switch; every other set can be asked for as well."""

STAND_INS = ("default", "home", "official-artwork", "dream_world")
"""The sets that stand in where the wanted one has nothing, the best first."""

SMOOTH = frozenset({"official-artwork", "home", "dream_world"})
"""The sets that are no pixel art and may be scaled to any size."""


class Look(NamedTuple):
    """A set's sprites, shiny or not, from the front or the back."""

    set: str = "default"
    shiny: bool = False
    back: bool = False

    @property
    def sets(self) -> tuple[str, ...]:
        """Return the sets to take a still from, the best first."""
        first = () if self.set == ANIMATED else (full_name(self.set),)
        return first + tuple(name for name in STAND_INS if name not in first)

    @property
    def facing(self) -> str:
        """Return the facing, as sprites name it."""
        return "back" if self.back else "front"
