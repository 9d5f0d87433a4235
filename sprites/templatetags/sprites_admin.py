"""Sprites in the admin's own templates."""

from django import template
from django.utils.safestring import SafeString

from ..admin import cells
from ..models import Sprite

register = template.Library()


@register.simple_tag
def thumbnail(sprite: Sprite, box: int) -> SafeString:
    """Draw a stored sprite, to fit a box of this side; a dash where it is not here."""
    return cells.thumbnail(sprite.pokemon, sprite, box)
