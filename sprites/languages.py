"""The languages of names: which one a visitor reads, what it is called, how a page marks its texts.

They go by upstream's tags in lower case, such as ``ja-hrkt``.
"""

import unicodedata

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext_lazy

_NAMES: dict[str, Promise] = {
    "de": pgettext_lazy("language", "German"),
    "en": pgettext_lazy("language", "English"),
    "es": pgettext_lazy("language", "Spanish"),
    "es-419": pgettext_lazy("language", "Latin American Spanish"),
    "fr": pgettext_lazy("language", "French"),
    "it": pgettext_lazy("language", "Italian"),
    "ja": pgettext_lazy("language", "Japanese"),
    "ja-hrkt": pgettext_lazy("language", "Japanese in kana"),
    "ja-roma": pgettext_lazy("language", "Japanese in Latin letters"),
    "ko": pgettext_lazy("language", "Korean"),
    "pt-br": pgettext_lazy("language", "Brazilian Portuguese"),
    "zh-hans": pgettext_lazy("language", "Simplified Chinese"),
    "zh-hant": pgettext_lazy("language", "Traditional Chinese"),
}

_IN_HTML = {"ja-roma": "ja-latn"}
"""What a browser knows a language by, where upstream's tag means nothing to it."""

_FALLBACK = "en"


def preferred() -> tuple[str, ...]:
    """Return the languages of a page's names, the visitor's own first and English last."""
    parts = (get_language() or _FALLBACK).lower().split("-")
    own = ("-".join(parts[:count]) for count in range(len(parts), 0, -1))
    return tuple(dict.fromkeys([*own, _FALLBACK]))


def language_name(tag: str) -> str:
    """Name a language for people; one that has no name here goes by its tag."""
    return str(_NAMES.get(tag, tag))


def marked(text: str, tag: str) -> SafeString:
    """Return the attributes of an element with a text in a language."""
    direction = SafeString(' dir="rtl"' if _is_from_the_right(text) else "")
    return format_html(' lang="{}"{}', _IN_HTML.get(tag, tag), direction)


def marked_if_foreign(text: str, tag: str) -> SafeString:
    """Return the attributes that an element needs where a page is in another language, or none."""
    is_own = tag in ("", (get_language() or _FALLBACK).lower())
    return SafeString("") if is_own and not _is_from_the_right(text) else marked(text, tag)


def _is_from_the_right(text: str) -> bool:
    """Tell whether a text is written from the right, as its first letter is."""
    strong = (kind for kind in map(unicodedata.bidirectional, text) if kind in ("L", "R", "AL"))
    return next(strong, "L") != "L"
