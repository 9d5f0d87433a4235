"""The column that names a stored sprite's file: its address in a browser, whatever the storage."""

from typing import TYPE_CHECKING, Any

from django.db.models import FileField
from django.db.models.fields.files import FieldFile
from django.urls import NoReverseMatch, get_script_prefix, reverse

HEAD = 8
"""Digits of a hash that tell one version of a sprite from the next."""

if TYPE_CHECKING:
    from .models import Sprite


class SpriteFile(FieldFile):
    """A sprite's file; where the storage gives it no address, the app serves it itself."""

    instance: "Sprite"

    @property
    def url(self) -> str:
        """Return the address that the storage gives, or else the app's own."""
        try:
            given = super().url
        except NotImplementedError:
            given = ""
        # Django reads a MEDIA_URL that is not set as the root of the site, where no media is.
        if given and getattr(self.storage, "base_url", None) != get_script_prefix():
            return given
        try:
            return reverse("sprites:file", args=[self.instance.pk, self.instance.sha256[:HEAD]])
        except NoReverseMatch:  # a site without the gallery
            return given


class SpriteFileField(FileField):
    """A FileField, in migrations as well, whose files know their address."""

    attr_class = SpriteFile

    def deconstruct(self) -> Any:
        """Describe it as Django's own: only Python code differs."""
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.FileField", args, options
