"""Sprites in any template of a site: ``{% sprite pokemon "front_shiny" %}``.

A key is the path in upstream's JSON, as ``--sprites`` takes it. Pokémon whose sprites were
prefetched cost no query; any other costs one, however many tags it is shown by.
"""

from django import template
from django.conf import settings
from django.db.models import prefetch_related_objects
from django.templatetags.static import static
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from .. import labels
from ..models import Pokemon, Sprite
from ..pictures import Picture, img, picture

register = template.Library()

_BOX = 96
_LANGUAGES = [("en", "EN", "English"), ("pt-br", "PT", "Português (Brasil)")]


@register.simple_tag
def sprite(pokemon: Pokemon, key: str = "front_default", **attributes: object) -> SafeString:
    """Draw a sprite as an ``img`` with its size and words; one that is not stored as an outline.

    Attributes are written as they are given, ``class="…"`` or ``loading="eager"``; ``width`` and
    ``height`` replace the sprite's own.
    """
    found = _find(pokemon, key)
    if found:
        shown = picture(pokemon, found, _BOX)
    else:
        words = _("%(pokemon)s: no sprite %(key)s") % {"pokemon": pokemon.label, "key": key}
        shown = Picture(static("sprites/none.svg"), _BOX, _BOX, words, pixelated=False)
    return img({**shown.attributes, **attributes})


@register.simple_tag
def sprite_url(pokemon: Pokemon, key: str = "front_default") -> str:
    """Return the address of a sprite, or nothing where none is stored."""
    found = _find(pokemon, key)
    return found.file.url if found else ""


def _find(pokemon: Pokemon, key: str) -> Sprite | None:
    """Look among all sprites of a Pokémon, which are fetched once and kept with it."""
    prefetch_related_objects([pokemon], "sprites")
    stored = (s for s in pokemon.sprites.all() if s.state == Sprite.State.STORED)
    return next((s for s in stored if s.key == key), None)


register.filter("type_name", labels.type_name)
register.filter("generation_name", labels.generation_name)


@register.simple_tag
def sprite_languages() -> list[tuple[str, str, str]]:
    """Return the languages that both the site and this app speak: code, short name, own name."""
    site = {code.lower() for code, _name in settings.LANGUAGES}
    return [language for language in _LANGUAGES if language[0] in site]
