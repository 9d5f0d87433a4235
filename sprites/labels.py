"""What things are called on a page: Pokémon, types, sets, generations and single sprites.

Upstream's names go in; words for people come out, in the language of the visitor where they are
words, and as the name itself where upstream has something that this list has not.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from .looks import ANIMATED, Look, full_name

if TYPE_CHECKING:
    from .models import Pokemon, Sprite

_SPECIES = {
    "farfetchd": "Farfetch’d", "sirfetchd": "Sirfetch’d", "flabebe": "Flabébé",
    "nidoran-f": "Nidoran ♀", "nidoran-m": "Nidoran ♂", "mr-mime": "Mr. Mime",
    "mr-rime": "Mr. Rime", "mime-jr": "Mime Jr.", "type-null": "Type: Null", "ho-oh": "Ho-Oh",
    "porygon-z": "Porygon-Z", "jangmo-o": "Jangmo-o", "hakamo-o": "Hakamo-o",
    "kommo-o": "Kommo-o", "wo-chien": "Wo-Chien", "chien-pao": "Chien-Pao",
    "ting-lu": "Ting-Lu", "chi-yu": "Chi-Yu",
}  # fmt: skip

_TYPES: dict[str, Promise] = {
    "normal": pgettext_lazy("type", "normal"),
    "fighting": pgettext_lazy("type", "fighting"),
    "flying": pgettext_lazy("type", "flying"),
    "poison": pgettext_lazy("type", "poison"),
    "ground": pgettext_lazy("type", "ground"),
    "rock": pgettext_lazy("type", "rock"),
    "bug": pgettext_lazy("type", "bug"),
    "ghost": pgettext_lazy("type", "ghost"),
    "steel": pgettext_lazy("type", "steel"),
    "fire": pgettext_lazy("type", "fire"),
    "water": pgettext_lazy("type", "water"),
    "grass": pgettext_lazy("type", "grass"),
    "electric": pgettext_lazy("type", "electric"),
    "psychic": pgettext_lazy("type", "psychic"),
    "ice": pgettext_lazy("type", "ice"),
    "dragon": pgettext_lazy("type", "dragon"),
    "dark": pgettext_lazy("type", "dark"),
    "fairy": pgettext_lazy("type", "fairy"),
}

TYPES = frozenset(_TYPES)
"""The types that have a name for people; upstream may have others."""

_SETS: dict[str, str | Promise] = {
    "default": pgettext_lazy("set", "default"),
    "official-artwork": pgettext_lazy("set", "artwork"),
    "home": "HOME",
    "dream_world": "Dream World",
    "showdown": "Showdown",
    "red-blue": "Red · Blue",
    "yellow": "Yellow",
    "gold": "Gold",
    "silver": "Silver",
    "crystal": "Crystal",
    "ruby-sapphire": "Ruby · Sapphire",
    "firered-leafgreen": "FireRed · LeafGreen",
    "emerald": "Emerald",
    "diamond-pearl": "Diamond · Pearl",
    "platinum": "Platinum",
    "heartgold-soulsilver": "HeartGold · SoulSilver",
    "black-white": "Black · White",
    "x-y": "X · Y",
    "omegaruby-alphasapphire": "Omega Ruby · Alpha Sapphire",
    "ultra-sun-ultra-moon": "Ultra Sun · Ultra Moon",
    "brilliant-diamond-shining-pearl": "Brilliant Diamond · Shining Pearl",
    "scarlet-violet": "Scarlet · Violet",
    "icons": pgettext_lazy("set", "icons"),
    ANIMATED: pgettext_lazy("set", "animated"),
}

SET_ORDER = {name: place for place, name in enumerate(_SETS)}
"""The sets in the order that a page shows them; an unknown one comes last."""

_ROMAN = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV"]

GENERATIONS = range(1, len(_ROMAN) + 1)
"""The generations that have a numeral."""

_SIDES = {
    ("front", False): gettext_lazy("front"),
    ("back", False): gettext_lazy("back"),
    ("front", True): gettext_lazy("shiny front"),
    ("back", True): gettext_lazy("shiny back"),
}
_VARIANTS = {"gray": gettext_lazy("gray"), "transparent": gettext_lazy("transparent")}


def _words(name: str) -> str:
    return " ".join(word[:1].upper() + word[1:] for word in name.replace("_", "-").split("-"))


def pokemon_name(name: str, species: str = "") -> str:
    """Write a Pokémon's name for people: ``mr-mime-galar`` of ``mr-mime`` is Mr. Mime Galar."""
    if species in _SPECIES and name.startswith(species):
        return f"{_SPECIES[species]} {_words(name.removeprefix(species).strip('-'))}".strip()
    return _SPECIES.get(name) or _words(name)


def type_name(name: str) -> str:
    """Name a type."""
    return str(_TYPES.get(name, name))


def set_name(name: str) -> str:
    """Name a set, by its own or its short name."""
    full = full_name(name)
    return str(_SETS.get(full) or _words(full))


def generation_name(number: int) -> str:
    """Name a generation by its numeral."""
    return _ROMAN[number - 1] if 0 < number <= len(_ROMAN) else str(number)


def listed(names: Iterable[str]) -> str:
    """Join names as a sentence does: I, II and III."""
    return str(get_text_list(list(names), _("and")))


def side(sprite: "Sprite") -> str:
    """Name what a sprite shows of the Pokémon: front, shiny back, female; its variant too."""
    known = _SIDES.get((sprite.facing, sprite.shiny))
    words = [str(known) if known else sprite.key.rpartition("/")[2].replace("_", " ")]
    if sprite.female and known:
        words.append(_("female"))
    if sprite.variant and known:
        words.append(str(_VARIANTS.get(sprite.variant, sprite.variant)))
    return ", ".join(words)


def game(sprite: "Sprite") -> str:
    """Name a sprite's set, and that it moves where the set has both."""
    moves = sprite.animated and sprite.set != "showdown"
    return f"{set_name(sprite.set)}, {set_name(ANIMATED)}" if moves else set_name(sprite.set)


def alt(pokemon: "Pokemon", sprite: "Sprite") -> str:
    """Say in words what an image shows: Pikachu, shiny back, Red · Blue."""
    return f"{pokemon.label}, {side(sprite)}, {game(sprite)}"


def look_name(look: Look) -> str:
    """Name a look: HOME, shiny back; the plain front goes without saying."""
    if not (look.shiny or look.back):
        return set_name(look.set)
    return f"{set_name(look.set)}, {_SIDES[look.facing, look.shiny]}"
