"""Names, both ways: upstream's names into words for people, and what people type into names.

Words are in the visitor's language. A name that is not in these lists is shown as it is. Nothing
here knows a row of the database.
"""

import re
import unicodedata
from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from .looks import ANIMATED, full_name

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

SETS = tuple(_SETS)
"""The sets that have a name for people, in the order that a page shows them."""

_ROMAN = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV"]

GENERATIONS = range(1, len(_ROMAN) + 1)
"""The generations that have a numeral."""

_MAX_TYPED = 200
"""Characters of a typed name that are looked at; to normalise n of them may take n² steps."""

_HIRAGANA = {katakana: katakana - 0x60 for katakana in range(0x30A1, 0x30F7)}
_VOICING = "\u3099\u309a"


def _words(name: str) -> str:
    return " ".join(word[:1].upper() + word[1:] for word in name.replace("_", "-").split("-"))


def pokemon_name(name: str, species: str = "", called: str = "") -> str:
    """Write a Pokémon's name for people: ``mr-mime-galar`` of ``mr-mime`` is Mr. Mime Galar.

    ``called`` is what its species is called in a language, if that is known.
    """
    own = called or _SPECIES.get(species)
    if own and name.startswith(species):
        return f"{own} {_words(name.removeprefix(species).strip('-'))}".strip()
    return _SPECIES.get(name) or _words(name)


def type_name(name: str) -> str:
    """Name a type."""
    return str(_TYPES.get(name, name))


def set_name(name: str) -> str:
    """Name a set, by its own or its short name."""
    full = full_name(name)
    return str(_SETS.get(full) or _words(full))


def set_order(name: str) -> tuple[int, str]:
    """Return what sets are sorted by: the known ones in their order, then others by name."""
    full = full_name(name)
    return SETS.index(full) if full in SETS else len(SETS), full


def generation_name(number: int) -> str:
    """Name a generation by its numeral."""
    return _ROMAN[number - 1] if 0 < number <= len(_ROMAN) else str(number)


def listed(names: Iterable[str]) -> str:
    """Join names as a sentence does: I, II and III."""
    return str(get_text_list(list(names), _("and")))


def slug(text: str) -> str:
    """Write what somebody typed the way upstream writes names: ``Mr. Mime`` is ``mr-mime``."""
    apart = unicodedata.normalize("NFKD", text[:_MAX_TYPED])
    plain = apart.encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain.replace("'", "")))


def fold(text: str) -> str:
    """Write a name the way a search compares it: without case, width, accents, spaces and dots.

    Kana are hiragana. Their voicing marks stay, for they tell letters apart and no accents: ガ is
    no カ.
    """
    apart = unicodedata.normalize("NFKD", text[:_MAX_TYPED]).casefold()
    letters = (
        char
        for char in unicodedata.normalize("NFKD", apart).translate(_HIRAGANA)
        if char in _VOICING or char.isalnum()
    )
    return unicodedata.normalize("NFC", "".join(letters))


def number(text: str) -> int | None:
    """Read ``025`` or ``#25`` as 25; anything else, or what no id can be, is None."""
    digits = text.strip().removeprefix("#")
    return int(digits) if re.fullmatch(r"[0-9]{1,9}", digits) else None
