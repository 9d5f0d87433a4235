"""Small pieces of the admin's pages: pictures, links and numbers, with everything escaped."""

from collections.abc import Iterable

from django.urls import NoReverseMatch
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ..models import Pokemon, Sprite
from ..pictures import img, picture

NOTHING = "–"


def thumbnail(pokemon: Pokemon, sprite: Sprite | None, box: int = 48) -> SafeString:
    """Draw a stored sprite small; a dash stands for one that is not here."""
    if sprite is None or not sprite.file:
        return SafeString(NOTHING)
    shown = picture(pokemon, sprite, box)
    kind = "pixels" if shown.pixelated else "smooth"
    return img({"class": f"sprites-thumb {kind}", **shown.attributes})


def link(url: str, text: object) -> SafeString:
    """Link to an http(s) address or a path; other text of upstream's stays text."""
    if url.startswith(("https://", "http://", "/")):
        return format_html('<a href="{}" rel="noreferrer">{}</a>', url, text)
    return format_html("{}", text)


def public_url(pokemon: Pokemon) -> str | None:
    """Return its page in the gallery, if the site shows one."""
    try:
        return pokemon.get_absolute_url()
    except NoReverseMatch:
        return None


def duration(seconds: float) -> str:
    """Write a number of seconds: 1.52 s, 48 s, 3 min 05 s, 2 h 10 min."""
    if seconds < 10:
        return f"{number_format(round(seconds, 2), 2)} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 1:
        return f"{rest} s"
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def ranges(numbers: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Write numbers as ranges: 1, 2, 3 and 7 are 1-3 and 7-7."""
    found: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if found and found[-1][1] == number - 1:
            found[-1] = found[-1][0], number
        else:
            found.append((number, number))
    return tuple(found)
