"""The creatures' names in other languages, made up from their own by their sound.

In: a name in small Latin letters. Out: names and genera by language, under upstream's tags. Nobody
need speak the languages: these are words in their scripts, for pages and searches to get right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from .species import Creature

LANGUAGES = {
    "ja-hrkt": 1, "ja-roma": 2, "ko": 3, "zh-hant": 4, "fr": 5, "de": 6, "es": 7, "it": 8, "en": 9,
    "ja": 11, "zh-hans": 12, "pt-br": 13, "es-419": 14,
}  # fmt: skip
"""Upstream's languages and their ids."""

_SYLLABLE = re.compile(r"([^aeiouy]?)([aeiouy])|([^aeiouy])")
_ALIKE = str.maketrans("cqxvjylf", "kkkbzirh")
_KANA = {
    "": "アイウエオ", "k": "カキクケコ", "s": "サシスセソ", "t": "タチツテト", "n": "ナニヌネノ",
    "h": "ハヒフヘホ", "m": "マミムメモ", "r": "ラリルレロ", "w": "ワイウエオ", "g": "ガギグゲゴ",
    "z": "ザジズゼゾ", "d": "ダヂヅデド", "b": "バビブベボ", "p": "パピプペポ",
}  # fmt: skip
_LEADS = {"": 11, "k": 15, "s": 9, "t": 16, "n": 2, "h": 18, "m": 6, "r": 5, "w": 11, "g": 0,
          "z": 12, "d": 3, "b": 7, "p": 17}  # fmt: skip
_VOWELS = {"a": 0, "i": 20, "u": 13, "e": 5, "o": 8, "": 18}
_HAN = dict(zip(_KANA, "雅佳森塔娜花美龍雲古子多貝波", strict=True))
_SIMPLE = str.maketrans("龍雲貝", "龙云贝")
_UMLAUTS = str.maketrans("aou", "äöü")


def _syllables(name: str) -> Iterator[tuple[str, str]]:
    """A name's sounds: a consonant or "", and a vowel or ""."""
    plain = re.sub(r"(.)\1", r"\1", re.sub("[^a-z]", "", name)).translate(_ALIKE)
    for lead, vowel, alone in _SYLLABLE.findall(plain):
        yield lead or alone, vowel


def kana(name: str) -> str:
    """A name in katakana."""
    sounds = ((_KANA[lead], vowel or "u") for lead, vowel in _syllables(name))
    return "".join(row["aiueo".index(vowel)] for row, vowel in sounds)


def hangul(name: str) -> str:
    """A name in hangul."""
    places = (_LEADS[lead] * 21 + _VOWELS[vowel] for lead, vowel in _syllables(name))
    return "".join(chr(0xAC00 + 28 * place) for place in places)


def han(name: str) -> str:
    """A name in traditional Chinese characters."""
    return "".join(_HAN[lead] for lead, _vowel in _syllables(name))


def names(creature: Creature) -> Mapping[str, str]:
    """What a creature is called in each language."""
    title = creature.name.title()
    return {
        "ja-hrkt": kana(creature.name),
        "ja-roma": f"{title}u",
        "ko": hangul(creature.name),
        "zh-hant": han(creature.name),
        "fr": f"{title}ète",
        "de": title[0] + title[1:].translate(_UMLAUTS),
        "es": f"{title}ín",
        "it": f"{title}ino",
        "en": title,
        "ja": kana(creature.name),
        "zh-hans": han(creature.name).translate(_SIMPLE),
        "pt-br": f"{title}inho",
        "es-419": f"{title}ito",
    }


def genera(creature: Creature) -> Mapping[str, str]:
    """What kind of creature it is; as upstream's, some languages have no word for it."""
    kind = creature.types[0]
    return {
        "ja-hrkt": f"{kana(kind)}いきもの",
        "ko": f"{hangul(kind)}생물",
        "zh-hant": f"{han(kind)}生物",
        "fr": f"Créature {kind}",
        "de": f"{kind.title()}-Wesen",
        "en": f"{kind.title()} Creature",
        "ja": f"{kana(kind)}の生き物",
        "zh-hans": f"{han(kind).translate(_SIMPLE)}生物",
        "pt-br": f"Criatura {kind}",
    }
